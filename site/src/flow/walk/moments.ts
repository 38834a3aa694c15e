/** One moment of a made-up call as a sentence. */
import type { Text } from "../../text/text.ts";
import type { Names } from "./names.ts";
import type { Moment } from "./timeline.ts";

export function momentWords(moment: Moment, names: Names, t: Text): string {
  const words = t.walk.moment;
  switch (moment.what) {
    case "enter":
      return names.node(moment.node);
    case "heard":
      return heardWords(moment.heard.kind, moment.heard.what, t);
    case "pressed":
      return moment.keys === "" ? words.pressedNothing : words.pressed(moment.keys);
    case "said":
      return moment.words === "" ? words.saidNothing : words.said(moment.words);
    case "reached":
      return words.reach(moment.deed.what, moment.deed.to);
    case "did":
      return words.did(moment.deed.what, moment.deed.to, moment.deed.result);
    case "leave":
      return [words.leave(names.exit(moment.node, moment.exit)), moment.detail].filter((each) => each !== "").join(": ");
    case "end":
      return moment.status >= 300 ? `${words.end[moment.end]}. ${words.refusedWith(moment.status)}` : words.end[moment.end];
  }
}

function heardWords(kind: "prompt" | "text" | "phrase" | "music" | "tone", what: string, t: Text): string {
  switch (kind) {
    case "prompt":
      return t.walk.moment.prompt(what);
    case "music":
      return t.walk.moment.music;
    case "tone":
      return t.walk.moment.tone(what);
    case "text":
    case "phrase":
      return `“${what}”`;
  }
}
