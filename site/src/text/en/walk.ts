/** A flow that is walked: simulator, tests, live calls, paths, revisions. */
export const walk = {};
