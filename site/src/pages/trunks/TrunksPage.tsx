/** Not there yet. */
export function TrunksPage() {
  return null;
}
