/** Not there yet. */
export function RingGroupsPage() {
  return null;
}
