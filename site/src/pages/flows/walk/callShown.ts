/** The call whose way is shown: `call:<id>`, in the address or as a panel's argument. */
export function callShown(text: string | undefined): string | undefined {
  return text?.startsWith("call:") ? text.slice("call:".length) : undefined;
}
