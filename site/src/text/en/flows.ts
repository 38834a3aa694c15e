/** The flow editor. */
export const flows = {};
