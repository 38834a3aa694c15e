/** `/?documents` is the way to work without a node: a link that can be put anywhere. */
import { chooseMode } from "../mode.ts";

export function enterByAddress(): void {
  const here = new URL(window.location.href);
  if (!here.searchParams.has("documents")) return;
  chooseMode("documents");
  here.searchParams.delete("documents");
  if (here.pathname === "/") here.pathname = "/documents";
  window.history.replaceState(null, "", here);
}
