/** A made-up call as a test: the script, and all that came of it as what is to come of it from now on. */
import type { FlowExpectation, FlowScript, FlowTest, Simulation } from "../../schema.gen.ts";
import { REACHING } from "./timeline.ts";

/** What of the outcome the test looks at. */
export interface Looked {
  readonly path: boolean;
  readonly end: boolean;
  readonly reaches: boolean;
}

export function pathOf(found: Simulation): readonly string[] {
  return found.path.map((step) => {
    const node = step.flow === found.flow ? step.node : `${step.flow}/${step.node}`;
    return step.exit ? `${node}:${step.exit}` : node;
  });
}

export function reachedBy(found: Simulation): readonly string[] {
  return found.deeds.filter((deed) => deed.result !== "" && REACHING.has(deed.what)).map((deed) => deed.to);
}

export function expectationOf(found: Simulation, looked: Looked): FlowExpectation {
  return {
    path: looked.path ? pathOf(found) : null,
    end: looked.end ? found.end : null,
    reaches: looked.reaches ? reachedBy(found) : null,
    hears: [],
    values: {},
  };
}

/** The script with its time written down: a test must not depend on the day on which it is run. */
export function testOf(name: string, script: FlowScript, found: Simulation, looked: Looked): FlowTest {
  const at = script.at ?? found.started_at.slice(0, 19);
  return { name, script: { ...script, at }, expect: expectationOf(found, looked) };
}
