/** Not there yet. */
export function MailboxesPage() {
  return null;
}
