/** Not there yet. */
export function OutboundRoutesPage() {
  return null;
}
