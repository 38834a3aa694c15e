/** The flow editor. */
export const flows = {
  /** Texts of the node's own schema (titles, descriptions, exits), by their English: none to translate here. */
  schema: {} as Readonly<Record<string, string>>,
  days: { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" } as Readonly<Record<string, string>>,
  choose: (what: string) => `Choose: ${what}`,

  fault: {
    noEntry: "Calls have nowhere to begin: add a node, or say which one is the entry.",
    unknownType: (type: string) => `This site does not know nodes of the type “${type}”.`,
    unwired: (exit: string) => `“${exit}” leads nowhere.`,
    strayExit: (exit: string) => `There is a wire from “${exit}”, an exit that this node does not have.`,
    gone: (exit: string, target: string) => `“${exit}” leads to “${target}”, which is not there.`,
    unreachable: "No call can come here: wire an exit to it, or remove it.",
    circle: (target: string) => `Calls go round from here to “${target}” for ever, without waiting.`,
    twice: (exit: string) => `“${exit}” is there more than once.`,
    at: (field: string, problem: string) => `${field}: ${problem}`,
  },
  problem: {
    missing: "this is needed",
    unknown: "this is no field of the node",
    type: "this is not the right kind of value",
    choice: "this is not one of the choices",
    pattern: "this is not written as it has to be",
    short: (limit: number) => `at least ${limit} characters`,
    long: (limit: number) => `at most ${limit} characters`,
    low: (limit: number) => `at least ${limit}`,
    high: (limit: number) => `at most ${limit}`,
    few: (limit: number) => `at least ${limit} of them`,
    many: (limit: number) => `at most ${limit} of them`,
  },
};
