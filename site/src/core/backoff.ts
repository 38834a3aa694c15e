/** How long to wait before the next try to reach a node that does not answer. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Doubles from half a second to 15 s. `jitter` in [0, 1) spreads the pages of one office over the second half of the
 * wait, so that a node coming back is not met by all of them at once.
 */
export function backoffMs(attempt: number, jitter: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt));
  return Math.round(ceiling * (0.5 + jitter / 2));
}
