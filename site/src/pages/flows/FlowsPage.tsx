/** Not there yet. */
export function FlowsPage() {
  return null;
}
