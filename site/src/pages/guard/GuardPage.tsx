/** Not there yet. */
export function GuardPage() {
  return null;
}
