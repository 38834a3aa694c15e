/** Gives the pages their records: those of the node, or those of documents. What only documents need comes when wanted. */
import type { ReactNode } from "react";
import { lazy, Suspense } from "react";
import { useMode } from "./mode.ts";
import { nodeSource } from "./node.ts";
import { SourceProvider } from "./source.ts";

const DocumentsOffice = lazy(async () => ({
  default: (await import("./documents/DocumentsOffice.tsx")).DocumentsOffice,
}));

export function OfficeSource({ children }: { readonly children: ReactNode }) {
  if (useMode() === "node") return <SourceProvider value={nodeSource}>{children}</SourceProvider>;
  return (
    <Suspense fallback={null}>
      <DocumentsOffice>{children}</DocumentsOffice>
    </Suspense>
  );
}
