/** Why a test is red, in words of the canvas: what the call did, and what it was to do. */
import type { FlowTest, Simulation } from "../../schema.gen.ts";
import type { Text } from "../../text/text.ts";
import { reachedBy } from "./expectation.ts";
import type { Names } from "./names.ts";

export interface Difference {
  readonly words: string;
  /** The node to look at, where there is one in this flow. */
  readonly node: string | undefined;
}

export function differences(test: FlowTest, found: Simulation, names: Names, t: Text): readonly Difference[] {
  const { expect } = test;
  const way = expect.path === null ? undefined : wayDifference(expect.path, found, names, t);
  const rest: string[] = [];
  if (expect.end !== null && expect.end !== found.end) {
    rest.push(t.walk.differs.end(t.walk.moment.end[found.end], t.walk.moment.end[expect.end]));
  }
  const reached = reachedBy(found);
  if (expect.reaches !== null && expect.reaches.join("\n") !== reached.join("\n")) {
    rest.push(t.walk.differs.reaches(listed(reached, t), listed(expect.reaches, t)));
  }
  const missing = unheard(expect.hears, found);
  if (missing !== undefined) rest.push(t.walk.differs.hears(missing.part, missing.before));
  for (const [name, value] of Object.entries(expect.values)) {
    const got = String(found.values[name] ?? "");
    if (got !== value) rest.push(t.walk.differs.value(name, got, value));
  }
  return [...(way === undefined ? [] : [way]), ...rest.map((words) => ({ words, node: undefined }))];
}

function wayDifference(path: readonly string[], found: Simulation, names: Names, t: Text): Difference | undefined {
  const say = (step: Place) => placeWords(step, found.flow, names, t);
  const at = (step: Place) => (step.flow === found.flow ? step.node : undefined);
  for (const [index, step] of found.path.entries()) {
    const wanted = path[index];
    if (wanted === undefined) return { words: t.walk.differs.goesOn(say(step)), node: at(step) };
    const place = readPlace(wanted, found.flow);
    if (place.flow !== step.flow || place.node !== step.node) {
      return { words: t.walk.differs.comesTo(say({ ...step, exit: "" }), say({ ...place, exit: "" })), node: at(step) };
    }
    if (place.exit && place.exit !== step.exit) {
      const exit = (name: string) => (name === "" ? t.walk.differs.noExit : names.exit(step.node, name));
      const words = t.walk.differs.leaves(say({ ...step, exit: "" }), exit(step.exit ?? ""), exit(place.exit), step.detail);
      return { words, node: at(step) };
    }
  }
  const missing = path[found.path.length];
  if (missing === undefined) return undefined;
  const last = found.path.at(-1);
  return {
    words: t.walk.differs.endsBefore(say(readPlace(missing, found.flow))),
    node: last === undefined ? undefined : at(last),
  };
}

interface Place {
  readonly flow: string;
  readonly node: string;
  readonly exit: string | null;
}

/** `menu`, `menu:1`, `501/menu:1` */
function readPlace(text: string, flow: string): Place {
  const slash = text.lastIndexOf("/");
  const [node = "", exit = ""] = text.slice(slash + 1).split(":");
  return { flow: slash < 0 ? flow : text.slice(0, slash), node, exit };
}

function placeWords(place: Place, flow: string, names: Names, t: Text): string {
  if (place.flow !== flow) return `“${place.node}” ${t.walk.otherFlow(place.flow)}`;
  const node = `“${names.node(place.node)}”`;
  return place.exit ? `${node} (${names.exit(place.node, place.exit)})` : node;
}

/** The first part that is not heard after those before it. */
function unheard(parts: readonly string[], found: Simulation): { readonly part: string; readonly before: boolean } | undefined {
  const heard = found.heard.map((each) => `${each.name} ${each.what}`.toLowerCase());
  let from = 0;
  for (const part of parts) {
    const place = heard.findIndex((each, index) => index >= from && each.includes(part.toLowerCase()));
    if (place < 0) return { part, before: heard.some((each) => each.includes(part.toLowerCase())) };
    from = place + 1;
  }
  return undefined;
}

function listed(numbers: readonly string[], t: Text): string {
  return numbers.length === 0 ? t.walk.test.nobody : numbers.join(", ");
}
