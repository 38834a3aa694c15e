/** Not there yet. */
export function SettingsPage() {
  return null;
}
