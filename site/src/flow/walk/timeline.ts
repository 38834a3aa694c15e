/** A made-up call as a transcript: what happened after what, so that it can be played like a film. */
import type { Deed, Heard, Simulation } from "../../schema.gen.ts";

type Happening =
  | { readonly what: "enter"; readonly kind: string }
  | { readonly what: "heard"; readonly heard: Heard }
  /** Keys that were pressed, "" for none; `question` is where the script has them, if anywhere. */
  | { readonly what: "pressed"; readonly keys: string; readonly question: number | null }
  | { readonly what: "said"; readonly words: string; readonly question: number | null }
  | { readonly what: "reached"; readonly deed: Deed }
  | { readonly what: "did"; readonly deed: Deed }
  | { readonly what: "leave"; readonly exit: string; readonly detail: string }
  | { readonly what: "end"; readonly end: Simulation["end"]; readonly status: number };

export type Moment = Happening & {
  readonly atS: number;
  /** Where in the path, from 0. */
  readonly step: number;
  readonly flow: string;
  readonly node: string;
};

/** What a flow does to give the caller to somebody: what a test's `reaches` looks at. */
export const REACHING: ReadonlySet<string> = new Set([
  "extension",
  "ring group",
  "queue",
  "dial",
  "transfer",
  "voicemail",
  "check voicemail",
  "conference",
  "park",
  "page",
]);

export function timeline(found: Simulation): readonly Moment[] {
  const moments: Moment[] = [];
  found.path.forEach((step, index) => {
    const place = { step: index, flow: step.flow, node: step.node };
    moments.push({ ...place, atS: step.at_s, what: "enter", kind: step.kind });
    const within = [
      ...found.deeds.filter((deed) => deed.step === index).map((deed) => ({ ...place, ...told(deed) })),
      ...found.heard
        .filter((heard) => heard.step === index)
        .map((heard) => ({ ...place, atS: heard.at_s, what: "heard" as const, heard })),
    ];
    moments.push(...joined(within.sort(order)));
    const leftAt = found.path[index + 1]?.at_s ?? found.duration_s;
    if (step.exit) moments.push({ ...place, atS: leftAt, what: "leave", exit: step.exit, detail: step.detail });
  });
  const last = found.path.at(-1);
  const place = { step: Math.max(0, found.path.length - 1), flow: last?.flow ?? found.flow, node: last?.node ?? "" };
  moments.push({ ...place, atS: found.duration_s, what: "end", end: found.end, status: found.status });
  return moments;
}

type Told = Happening & { readonly atS: number };

function told(deed: Deed): Told {
  const { at_s: atS, question } = deed;
  if (deed.what === "pressed") return { atS, what: "pressed", keys: deed.to, question };
  if (deed.what === "says") return { atS, what: "said", words: deed.to, question };
  return { atS, what: REACHING.has(deed.what) ? "reached" : "did", deed };
}

/** By time. An answer to a question comes before what is said to it in the same moment; other keys come after. */
function order(a: Moment, b: Moment): number {
  return a.atS - b.atS || late(a) - late(b);
}

function late(moment: Moment): number {
  if (moment.what === "heard") return 1;
  return moment.what === "pressed" && moment.question === null && moment.keys === "" ? 2 : 0;
}

/** Keys that are taken one by one belong to the question before. */
function joined(moments: readonly Moment[]): readonly Moment[] {
  const found: Moment[] = [];
  for (const moment of moments) {
    const last = found.at(-1);
    if (moment.what === "pressed" && moment.question === null && last?.what === "pressed") {
      found[found.length - 1] = { ...last, keys: last.keys + moment.keys };
    } else found.push(moment);
  }
  return found;
}

/** How long a film rests on a moment, in milliseconds: long enough to read, never as long as a real call. */
export function restMs(moment: Moment): number {
  switch (moment.what) {
    case "heard":
      return Math.min(2600, 700 + moment.heard.what.length * 16);
    case "enter":
    case "leave":
      return 500;
    case "pressed":
    case "said":
    case "reached":
    case "did":
    case "end":
      return 1000;
  }
}
