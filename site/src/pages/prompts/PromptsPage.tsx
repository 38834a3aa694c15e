/** Not there yet. */
export function PromptsPage() {
  return null;
}
