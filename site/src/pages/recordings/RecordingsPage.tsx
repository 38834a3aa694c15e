/** Not there yet. */
export function RecordingsPage() {
  return null;
}
