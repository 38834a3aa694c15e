/** The words of a language, as the parts of the core want them. */
import type { Text } from "../text/text.ts";
import type { FaultWords } from "./faults.ts";
import type { SummaryWords } from "./summary.ts";
import type { SchemaProblem } from "./validate.ts";

/** A text of the node's schema in the language of the page; the schema itself is English. */
export function schemaWords(t: Text): (english: string) => string {
  return (english) => (Object.hasOwn(t.flows.schema, english) ? (t.flows.schema[english] ?? english) : english);
}

export function summaryWords(t: Text): SummaryWords {
  return { schema: schemaWords(t), choose: t.flows.choose, days: t.flows.days, units: t.units };
}

export function faultWords(t: Text): FaultWords {
  return {
    ...t.flows.fault,
    schema: schemaWords(t),
    parameter: (name, problem) => t.flows.fault.at(name, problemWords(t, problem)),
  };
}

function problemWords(t: Text, problem: SchemaProblem): string {
  const words = t.flows.problem;
  return "limit" in problem ? words[problem.why](problem.limit) : words[problem.why];
}
