/** Finding people by the keys of a phone, or by letters. Pure. */
import { fold } from "../core/phones.ts";

const KEYS: Readonly<Record<string, string>> = { abc: "2", def: "3", ghi: "4", jkl: "5", mno: "6", pqrs: "7", tuv: "8", wxyz: "9" };
const BY_LETTER: ReadonlyMap<string, string> = new Map(
  Object.entries(KEYS).flatMap(([letters, digit]) => Array.from(letters).map((letter) => [letter, digit] as const)),
);

/** Below a key, as phones print them. */
export const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(KEYS).map(([letters, digit]) => [digit, letters.toUpperCase()]),
);

export function digitOf(letter: string): string | undefined {
  return BY_LETTER.get(letter.toLowerCase());
}

/** The keys that spell each word of a name: "Jörg Weiß" → ["5674", "93477"]. */
export function spelled(name: string): readonly string[] {
  return fold(name)
    .replaceAll("ß", "ss")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => Array.from(word).map((each) => (/\d/.test(each) ? each : (digitOf(each) ?? ""))).join(""));
}

export interface Contact {
  readonly key: string;
  readonly name: string;
  readonly number: string;
  /** Department, "Speed dial" … */
  readonly also: string;
}

/**
 * Those that match, the best first: the number begins so, a word of the name begins so (in letters or in keys, also
 * over several words: "26" finds Anna Meier), the number has it somewhere.
 */
export function findContacts<T extends Contact>(all: readonly T[], typed: string, most = 8): T[] {
  const query = typed.trim();
  if (query === "") return [];
  return all
    .map((contact, order) => ({ contact, order, rank: rankOf(contact, query) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0) || one.order - other.order)
    .slice(0, most)
    .map(({ contact }) => contact);
}

function rankOf(contact: Contact, query: string): number | undefined {
  const digits = query.replaceAll(/[\s().\-/]/g, "");
  if (/^[+\d*#]+$/.test(digits)) {
    if (contact.number === digits) return 0;
    if (contact.number.startsWith(digits)) return 1;
    if (/^[2-9]+$/.test(digits) && spelledSo(spelled(contact.name), digits)) return 2;
    return digits.length >= 3 && contact.number.includes(digits.replace(/^(\+|00?)/, "")) ? 4 : undefined;
  }
  const words = fold(query).split(/\s+/);
  const own = fold(`${contact.name} ${contact.also}`).split(/[^\p{L}\p{N}]+/u);
  if (words.every((word) => own.some((each) => each.startsWith(word)))) return 2;
  const all = fold(`${contact.name} ${contact.also} ${contact.number}`);
  return words.every((word) => all.includes(word)) ? 3 : undefined;
}

/** A run of words from any of them on, or the beginnings of words that follow each other. */
function spelledSo(words: readonly string[], digits: string): boolean {
  if (words.some((_, from) => words.slice(from).join("").startsWith(digits))) return true;
  return words.some((_, from) => beginnings(words.slice(from), digits));
}

function beginnings(words: readonly string[], digits: string): boolean {
  if (digits === "") return true;
  const [first, ...rest] = words;
  if (first === undefined) return false;
  for (let length = Math.min(first.length, digits.length); length > 0; length -= 1) {
    if (first.startsWith(digits.slice(0, length)) && beginnings(rest, digits.slice(length))) return true;
  }
  return false;
}
