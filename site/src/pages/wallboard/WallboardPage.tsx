/** Not there yet. */
export function WallboardPage() {
  return null;
}
