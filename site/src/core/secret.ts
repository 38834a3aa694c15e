/** Passwords made up for somebody else. Pure: randomness is an argument. */

/** Without letters that look alike (0 O, 1 l I). */
const SIGNS = "abcdefghijkmnpqrstuvwxyz23456789";

/** Four groups of four, 80 bits: to be told or written down once, and changed at the first log-in. */
export function madeUpPassword(random: Uint8Array): string {
  const signs = Array.from(random.slice(0, 16), (byte) => SIGNS[byte % SIGNS.length] ?? "");
  return [0, 4, 8, 12].map((at) => signs.slice(at, at + 4).join("")).join("-");
}
