/** The pages of records: forms, lists, pickers, extensions, trunks, schedules. */
export const records = {};
