/** Not there yet. */
export function QueuesPage() {
  return null;
}
