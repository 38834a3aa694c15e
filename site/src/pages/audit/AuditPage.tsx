/** Not there yet. */
export function AuditPage() {
  return null;
}
