/** Names for new nodes: short, and not taken. */
const LONGEST = 40;

/** `menu`, `menu-2`, `menu-3` …; from any words a person writes. */
export function freeId(wanted: string, taken: (id: string) => boolean): string {
  const stem = slug(wanted) || "node";
  if (!taken(stem)) return stem;
  const bare = stem.replace(/-\d{1,4}$/, "");
  for (let count = 2; ; count++) {
    const ending = `-${count}`;
    const id = `${bare.slice(0, LONGEST - ending.length).replace(/[-_]+$/, "")}${ending}`;
    if (!taken(id)) return id;
  }
}

export const NODE_ID = /^[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?$/;

function slug(words: string): string {
  return words
    .normalize("NFKD")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9_]+/g, "-")
    .slice(0, LONGEST)
    .replace(/^[-_]+|[-_]+$/g, "");
}
