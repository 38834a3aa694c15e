/** Not there yet. */
export function TracesPage() {
  return null;
}
