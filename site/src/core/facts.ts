/** What the receptionist may tell: one fact a line, "Topic: what is told". Pure. */

export interface Fact {
  readonly topic: string;
  readonly text: string;
}

/** A line without a topic belongs to the one above it, as the edge reads it. */
export function readFacts(text: string): readonly Fact[] {
  const facts: Fact[] = [];
  for (const line of text.split("\n")) {
    const words = line.split(/\s+/).filter(Boolean).join(" ");
    if (words === "") continue;
    const at = words.indexOf(":");
    const last = facts.at(-1);
    if (at > 0 && at <= 60 && words.slice(at + 1).trim() !== "") {
      facts.push({ topic: words.slice(0, at).trim(), text: words.slice(at + 1).trim() });
    } else if (last === undefined) facts.push({ topic: "", text: words });
    else facts[facts.length - 1] = { topic: last.topic, text: `${last.text} ${words}` };
  }
  return facts;
}

/** Line breaks inside a fact would begin another one; a colon inside a topic would end it. */
export function writeFacts(facts: readonly Fact[]): string {
  const flat = (words: string) => words.split(/\s+/).filter(Boolean).join(" ");
  return facts
    .map(({ topic, text }) => ({ topic: flat(topic).replaceAll(":", ""), text: flat(text) }))
    .filter(({ text }) => text !== "")
    .map(({ topic, text }) => (topic === "" ? text : `${topic}: ${text}`))
    .join("\n");
}
