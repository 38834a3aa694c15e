/** The one-time token of the set-up link: `/setup#token=…`, `/setup#…` or `/setup?token=…`. */
export function setupToken(hash: string, search: string): string {
  const fragment = hash.replace(/^#/, "");
  const inFragment = new URLSearchParams(fragment).get("token");
  if (inFragment !== null) return inFragment;
  if (fragment !== "" && !fragment.includes("=")) return decodeURIComponent(fragment);
  return new URLSearchParams(search).get("token") ?? "";
}
