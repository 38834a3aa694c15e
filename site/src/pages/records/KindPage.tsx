/** Not there yet. */
export function KindPage() {
  return null;
}
