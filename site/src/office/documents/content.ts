/** The documents that this site was built with: `site/content/office/`, as `pbx export --folder` writes it. */
import { fromFiles, type OfficeDocument } from "./document.ts";

const FILES = import.meta.glob<string>("/content/office/*/*.json", { query: "?raw", import: "default" });
const ROOT = "/content/office/";

export const HAS_CONTENT = Object.keys(FILES).length > 0;

/** Throws `DocumentFault`. */
export async function builtIn(): Promise<OfficeDocument> {
  const files = await Promise.all(
    Object.entries(FILES).map(async ([path, load]) => [path.slice(ROOT.length), await load()] as const),
  );
  return fromFiles(new Map(files));
}
