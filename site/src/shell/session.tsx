/** Who is logged in. Pages inside the gate can rely on somebody being there. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { createContext, lazy, Suspense, use, useEffect } from "react";
import { askAsDevice, asksAsDevice, setCsrfToken, whenSignedOut } from "../api/client.ts";
import { queryClient, sessionQuery } from "../api/queries.ts";
import { NOT_A_NODE, RequestFault } from "../core/problem.ts";
import { showTimesOf } from "../core/time.ts";
import { liveClient } from "../live/useLive.ts";
import type { SessionView } from "../schema.gen.ts";
import { LoginPage } from "../pages/LoginPage.tsx";
import { useMode } from "../office/mode.ts";
import { Unreachable } from "./Unreachable.tsx";

const ConnectPage = lazy(async () => ({ default: (await import("../pages/connect/ConnectPage.tsx")).ConnectPage }));

const DeviceGate = lazy(async () => ({ default: (await import("../pocket/DeviceGate.tsx")).DeviceGate }));

const SessionContext = createContext<SessionView | undefined>(undefined);

export function useSession(): SessionView {
  const session = use(SessionContext);
  if (session === undefined) throw new Error("useSession outside of the gate");
  return session;
}

export function enter(session: SessionView): void {
  askAsDevice(undefined);
  welcome(session);
}

/** The phone alone, of a browser that is a device: what its user may do otherwise is not open. */
export function enterAsDevice(session: SessionView): void {
  welcome(session);
}

function welcome(session: SessionView): void {
  setCsrfToken(session.csrf_token);
  showTimesOf(session.time_zone);
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

/** Forgets everything that was read: the next person on this browser may not be allowed to see it. */
export function leave(): void {
  askAsDevice(undefined);
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
  const path = useLocation({ select: ({ pathname }) => pathname });
  const { data: session, error, refetch, isFetching } = useQuery({
    ...sessionQuery,
    refetchInterval: (query) => (query.state.error === null || isNoNode(query.state.error) ? false : 5000),
  });

  useEffect(() => {
    if (session === undefined || session === null) return;
    setCsrfToken(session.csrf_token);
    if (session.scopes.includes("events:read")) liveClient.start();
  }, [session]);

  if (session === null && path === "/phone") {
    return (
      <Suspense fallback={null}>
        <DeviceGate otherwise={<LoginPage />} />
      </Suspense>
    );
  }
  if (session === null || (asksAsDevice() && path !== "/phone")) return <LoginPage />;
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
