/** The addresses of the site. What a page shows (search, filter, open drawer) is in its address, so links carry it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { textParam, numberParam } from "./core/address.ts";
import { DashboardPage } from "./pages/DashboardPage.tsx";
import { Crashed, NotFound } from "./shell/Faults.tsx";
import { Layout } from "./shell/Layout.tsx";
import { SessionGate } from "./shell/session.tsx";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crashed });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/SetupPage.tsx"), "SetupPage"),
});

const office = createRoute({
  getParentRoute: () => root,
  id: "office",
  component: () => (
    <SessionGate>
      <Layout />
    </SessionGate>
  ),
});

const dashboard = createRoute({ getParentRoute: () => office, path: "/", component: DashboardPage });

const live = createRoute({
  getParentRoute: () => office,
  path: "/live",
  validateSearch: (search): { q?: string } => textParam(search, "q"),
  component: lazyRouteComponent(() => import("./pages/LivePage.tsx"), "LivePage"),
});

export interface PhonesSearch {
  q?: string;
  /** The number whose drawer is open, or "new". */
  open?: string;
}

const phones = createRoute({
  getParentRoute: () => office,
  path: "/phones",
  validateSearch: (search): PhonesSearch => ({ ...textParam(search, "q"), ...textParam(search, "open") }),
  component: lazyRouteComponent(() => import("./pages/phones/PhonesPage.tsx"), "PhonesPage"),
});

export interface HistorySearch {
  q?: string;
  show?: string;
  page?: number;
  /** The id of the call whose drawer is open. */
  call?: string;
}

const history = createRoute({
  getParentRoute: () => office,
  path: "/history",
  validateSearch: (search): HistorySearch => ({
    ...textParam(search, "q"),
    ...textParam(search, "show"),
    ...textParam(search, "call"),
    ...numberParam(search, "page", 2, 1_000_000),
  }),
  component: lazyRouteComponent(() => import("./pages/history/HistoryPage.tsx"), "HistoryPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([setup, office.addChildren([dashboard, live, phones, history])]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
