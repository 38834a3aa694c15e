/** Not there yet. */
export function AnalyticsPage() {
  return null;
}
