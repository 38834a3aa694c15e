/** Not there yet. */
export function NumbersPage() {
  return null;
}
