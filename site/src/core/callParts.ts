/** The parts of a finished call that have a shape of their own: its legs as a tree, its way through flows, its sound. */
import type { Cdr, CdrLeg, LegQuality } from "../schema.gen.ts";

export interface LegNode {
  readonly leg: CdrLeg;
  readonly rung: readonly LegNode[];
}

/** Who was rung for whom. A leg whose caller is not known stands at the top. */
export function legTree(legs: readonly CdrLeg[]): readonly LegNode[] {
  const known = new Set(legs.map((leg) => leg.leg));
  const below = (parent: string, above: ReadonlySet<string>): readonly LegNode[] =>
    legs
      .filter((leg) => leg.rung_for === parent && leg.leg !== parent && !above.has(leg.leg))
      .map((leg) => ({ leg, rung: below(leg.leg, new Set([...above, leg.leg])) }));
  const tops = legs.filter((leg) => leg.rung_for === "" || !known.has(leg.rung_for));
  return tops.map((leg) => ({ leg, rung: below(leg.leg, new Set([leg.leg])) }));
}

export interface FlowStep {
  readonly node: string;
  readonly kind: string;
  readonly at: string;
  /** Empty where the call ended in the node. */
  readonly exit: string;
  readonly detail: string;
}

export interface FlowPath {
  readonly flow: string;
  readonly name: string;
  readonly revision: number;
  readonly steps: readonly FlowStep[];
}

/** The flows a call took, one after the other, each with the nodes it went through. */
export function flowPaths(events: Cdr["events"]): readonly FlowPath[] {
  const paths: { flow: string; name: string; revision: number; steps: FlowStep[] }[] = [];
  for (const event of events) {
    if (event.type === "flow") {
      paths.push({ flow: event.flow, name: event.name, revision: event.revision, steps: [] });
    } else if (event.type === "node_entered") {
      paths.findLast((path) => path.flow === event.flow)?.steps.push({ node: event.node, kind: event.kind, at: event.at, exit: "", detail: "" });
    } else if (event.type === "node_left") {
      const steps = paths.findLast((path) => path.flow === event.flow)?.steps;
      const index = steps?.findLastIndex((step) => step.node === event.node && step.exit === "") ?? -1;
      const step = steps?.[index];
      if (steps !== undefined && step !== undefined) steps[index] = { ...step, exit: event.exit, detail: event.detail };
    }
  }
  return paths;
}

/** The last verdict on each leg, in the order the legs came. */
export function legQualities(events: Cdr["events"]): readonly LegQuality[] {
  const found = new Map<string, LegQuality>();
  for (const event of events) {
    if (event.type === "leg_quality") found.set(event.leg, event);
  }
  return [...found.values()];
}
