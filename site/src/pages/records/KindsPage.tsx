/** Not there yet. */
export function KindsPage() {
  return null;
}
