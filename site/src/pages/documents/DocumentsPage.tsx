/** The office as files: beside a node, or in place of one. */
import { useMode } from "../../office/mode.ts";
import { NodeDocuments } from "./NodeDocuments.tsx";
import { OpenDocuments } from "./OpenDocuments.tsx";

export function DocumentsPage() {
  return useMode() === "documents" ? <OpenDocuments /> : <NodeDocuments />;
}
