/** Not there yet. */
export function FlowEditorPage() {
  return null;
}
