/** Working on documents without a node, and sync. */
export const documents = {};
