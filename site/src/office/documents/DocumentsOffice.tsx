/** The office of documents: pages below work on what lies open in this browser. */
import type { ReactNode } from "react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { queryClient } from "../../api/queries.ts";
import { SourceProvider } from "../source.ts";
import { desk, type DeskState } from "./desk.ts";
import { RULES } from "./rules.ts";
import { documentSource } from "./source.ts";

const source = documentSource({ document: () => desk.state().document, put: (document) => desk.put(document) }, RULES);

export function useDesk(): DeskState {
  return useSyncExternalStore((listener) => desk.subscribe(listener), () => desk.state());
}

export function DocumentsOffice({ children }: { readonly children: ReactNode }) {
  const [awake, setAwake] = useState(desk.state().ready);
  useEffect(() => {
    void desk.wake().then(() => setAwake(true));
    // What pages have read before belongs to other documents, or to a node.
    let shown = desk.state().document;
    return desk.subscribe(() => {
      if (desk.state().document === shown) return;
      shown = desk.state().document;
      void queryClient.invalidateQueries();
    });
  }, []);
  if (!awake) return null;
  return <SourceProvider value={source}>{children}</SourceProvider>;
}
