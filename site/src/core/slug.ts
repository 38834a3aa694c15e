/** A name for a record's address, made from what people call it. */

const PLAIN: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", ß: "ss", æ: "ae", ø: "o", å: "a", ł: "l" };

/** "We are closed!" → "we-are-closed"; with a number behind it where that is taken. `fallback` for names without letters. */
export function slugOf(name: string, fallback: string, taken: readonly string[] = []): string {
  const plain = name
    .toLowerCase()
    .replace(/[äöüßæøåł]/g, (letter) => PLAIN[letter] ?? letter)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 32)
    .replace(/^-+|-+$/g, "");
  const wanted = /^[a-z]/.test(plain) ? plain : `${fallback}${plain === "" ? "" : `-${plain}`}`;
  for (let count = 1; ; count++) {
    const slug = count === 1 ? wanted : `${wanted}-${count}`;
    if (!taken.includes(slug)) return slug;
  }
}
