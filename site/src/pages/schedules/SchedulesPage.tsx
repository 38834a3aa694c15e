/** Not there yet. */
export function SchedulesPage() {
  return null;
}
