/** Not there yet. */
export function VoicemailPage() {
  return null;
}
