/** Not there yet. */
export function ConferencesPage() {
  return null;
}
