/** Copying text. Office nodes are often plain http:// in the LAN, where `navigator.clipboard` does not exist. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Permission refused: the old way still works from a click.
    }
  }
  return copyBySelection(text, near);
}

function copyBySelection(text: string, near: HTMLElement): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "sr-only";
  // Inside the same dialog: the page behind a modal one is inert and cannot hold a selection.
  near.after(area);
  area.select();
  // Deprecated, and still the only way to copy on a page that did not come over HTTPS.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const copied = document.execCommand("copy");
  area.remove();
  near.focus();
  return copied;
}
