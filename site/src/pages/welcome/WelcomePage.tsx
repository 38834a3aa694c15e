/** Not there yet. */
export function WelcomePage() {
  return null;
}
