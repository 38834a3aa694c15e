/** Not there yet. */
export function SystemPage() {
  return null;
}
