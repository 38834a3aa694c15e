/** Not there yet. */
export function TokensPage() {
  return null;
}
