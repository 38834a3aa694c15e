/** The stage manager's side: a script says a cue, the Python test does it (a phone rings, the node dies) and says done. */
import { createInterface } from "node:readline";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function cue(name) {
  process.stdout.write(`CUE ${name}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error(`the test went away at cue ${name}`);
  return value;
}

/** Leaves at once: an open standard input would keep the process alive. */
export function leave(faults) {
  for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`);
  process.exit(faults.length === 0 ? 0 : 1);
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** What a page does soon after it was asked to: within 20 seconds `holds` does, too. */
export async function until(holds, otherwise) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(otherwise);
}
