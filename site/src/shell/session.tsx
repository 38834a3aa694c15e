/** Who is logged in. Pages inside the gate can rely on somebody being there. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { createContext, lazy, Suspense, use, useEffect } from "react";
import { setCsrfToken, whenSignedOut } from "../api/client.ts";
import { queryClient, sessionQuery } from "../api/queries.ts";
import { NOT_A_NODE, RequestFault } from "../core/problem.ts";
import { showTimesOf } from "../core/time.ts";
import { liveClient } from "../live/useLive.ts";
import type { SessionView } from "../schema.gen.ts";
import { LoginPage } from "../pages/LoginPage.tsx";
import { useMode } from "../office/mode.ts";
import { Unreachable } from "./Unreachable.tsx";

const ConnectPage = lazy(async () => ({ default: (await import("../pages/connect/ConnectPage.tsx")).ConnectPage }));

const SessionContext = createContext<SessionView | undefined>(undefined);

export function useSession(): SessionView {
  const session = use(SessionContext);
  if (session === undefined) throw new Error("useSession outside of the gate");
  return session;
}

export function enter(session: SessionView): void {
  setCsrfToken(session.csrf_token);
  showTimesOf(session.time_zone);
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

/** Forgets everything that was read: the next person on this browser may not be allowed to see it. */
export function leave(): void {
  setCsrfToken("");
  liveClient.stop();
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  queryClient.setQueryData(sessionQuery.queryKey, null);
}

whenSignedOut(leave);

/** Who works on documents: nobody is asked, and no node listens. */
const NOBODY: SessionView = {
  user: { id: "", username: "", created_at: "", role: "admin", extension: null, enabled: true, second_factor: false },
  csrf_token: "",
  expires_at: "",
  scopes: [],
  second_factor: false,
  time_zone: "",
};

/** Shows the log-in where nobody is logged in, at whatever address was asked for. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  if (useMode() === "documents") return <SessionContext value={NOBODY}>{children}</SessionContext>;
  return <NodeGate>{children}</NodeGate>;
}

function NodeGate({ children }: { readonly children: ReactNode }) {
  const { data: session, error, refetch, isFetching } = useQuery({
    ...sessionQuery,
    refetchInterval: (query) => (query.state.error === null || isNoNode(query.state.error) ? false : 5000),
  });

  useEffect(() => {
    if (session === undefined || session === null) return;
    setCsrfToken(session.csrf_token);
    liveClient.start();
  }, [session]);

  if (session === null) return <LoginPage />;
  if (session !== undefined) return <SessionContext value={session}>{children}</SessionContext>;
  if (error === null) return null;
  if (isNoNode(error)) {
    return (
      <Suspense fallback={null}>
        <ConnectPage alone />
      </Suspense>
    );
  }
  return <Unreachable retry={() => void refetch()} busy={isFetching} />;
}

function isNoNode(error: Error): boolean {
  return error instanceof RequestFault && error.slug === NOT_A_NODE;
}
