/** How a line sounds, in words: the node's verdict (ITU-T G.107) with what costs most. */
import type { Sound } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";

/** "good", "fair" or "poor" in the reader's language; a grade this site does not know stays as it is. */
export function gradeWords(sound: Sound, t: Text): string {
  return t.sound.grade[sound.grade] ?? sound.grade;
}

/** Why it is not good; empty while it is. */
export function causeOf(sound: Sound, t: Text): string {
  switch (sound.cause) {
    case "loss":
      return t.sound.loss(percentWords(sound.loss));
    case "jitter":
      return t.sound.jitter(millisecondsWords(sound.jitter_ms));
    case "delay":
      return t.sound.delay;
    default:
      return "";
  }
}

export function percentWords(part: number): string {
  const percent = part * 100;
  return percent === 0 ? "0 %" : percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

export function millisecondsWords(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
