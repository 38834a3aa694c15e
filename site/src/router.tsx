/** The addresses of the site. What a page shows (search, filter, open drawer) is in its address, so links carry it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  useLocation,
} from "@tanstack/react-router";
import { numberParam, pageSearch, textParam } from "./core/address.ts";
import { DashboardPage } from "./pages/DashboardPage.tsx";
import { Crashed, NotFound } from "./shell/Faults.tsx";
import { OfficeSource } from "./office/OfficeSource.tsx";
import { Layout } from "./shell/Layout.tsx";
import { PhoneHost } from "./shell/PhoneHost.tsx";
import { SessionGate } from "./shell/session.tsx";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crashed });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/SetupPage.tsx"), "SetupPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("./pages/InvitationPage.tsx"), "InvitationPage"),
});

const connect = createRoute({
  getParentRoute: () => root,
  path: "/connect",
  component: lazyRouteComponent(() => import("./pages/connect/ConnectPage.tsx"), "ConnectPage"),
});

/** Whoever is signed in. The phone lives beside the pages, so that it goes on from one to the next. */
const office = createRoute({
  getParentRoute: () => root,
  id: "office",
  component: () => (
    <SessionGate>
      <OfficeSource>
        <Frame />
        <PhoneHost />
      </OfficeSource>
    </SessionGate>
  ),
});

/** The phone fills its page by itself. */
function Frame() {
  const alone = useLocation({ select: ({ pathname }) => pathname === "/phone" });
  return alone ? <Outlet /> : <Layout />;
}

const phone = createRoute({
  getParentRoute: () => office,
  path: "/phone",
  validateSearch: (search): { dial?: string } => textParam(search, "dial"),
  component: lazyRouteComponent(() => import("./phone/PhonePage.tsx"), "PhonePage"),
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

const pushPhones = createRoute({
  getParentRoute: () => office,
  path: "/push-phones",
  component: lazyRouteComponent(() => import("./pages/phones/PushPhonesPage.tsx"), "PushPhonesPage"),
});

export interface HistorySearch {
  q?: string;
  /** How it came out: a disposition, or "missed". */
  show?: string;
  direction?: string;
  extension?: string;
  queue?: string;
  flow?: string;
  /** Days, such as 2026-11-21, both included. */
  from?: string;
  to?: string;
  /** Seconds of talk, at least. */
  talk?: number;
  /** The id of the call whose drawer is open. */
  call?: string;
}

const history = createRoute({
  getParentRoute: () => office,
  path: "/history",
  validateSearch: (search): HistorySearch => ({
    ...textParam(search, "q"),
    ...textParam(search, "show"),
    ...textParam(search, "direction"),
    ...textParam(search, "extension"),
    ...textParam(search, "queue"),
    ...textParam(search, "flow"),
    ...textParam(search, "from"),
    ...textParam(search, "to"),
    ...numberParam(search, "talk", 1, 86_400),
    ...textParam(search, "call"),
  }),
  component: lazyRouteComponent(() => import("./pages/history/HistoryPage.tsx"), "HistoryPage"),
});

const voicemail = createRoute({
  getParentRoute: () => office,
  path: "/voicemail",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/voicemail/VoicemailPage.tsx"), "VoicemailPage"),
});

const recordings = createRoute({
  getParentRoute: () => office,
  path: "/recordings",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/recordings/RecordingsPage.tsx"), "RecordingsPage"),
});

const conferences = createRoute({
  getParentRoute: () => office,
  path: "/conferences",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/conferences/ConferencesPage.tsx"), "ConferencesPage"),
});

const wallboard = createRoute({
  getParentRoute: () => office,
  path: "/wallboard",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/wallboard/WallboardPage.tsx"), "WallboardPage"),
});

const analytics = createRoute({
  getParentRoute: () => office,
  path: "/analytics",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/analytics/AnalyticsPage.tsx"), "AnalyticsPage"),
});

const flows = createRoute({
  getParentRoute: () => office,
  path: "/flows",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/flows/FlowsPage.tsx"), "FlowsPage"),
});

const flowEditor = createRoute({
  getParentRoute: () => office,
  path: "/flows/$number",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/flows/FlowEditorPage.tsx"), "FlowEditorPage"),
});

const ringGroups = createRoute({
  getParentRoute: () => office,
  path: "/ring-groups",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/groups/RingGroupsPage.tsx"), "RingGroupsPage"),
});

const queues = createRoute({
  getParentRoute: () => office,
  path: "/queues",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/queues/QueuesPage.tsx"), "QueuesPage"),
});

const mailboxes = createRoute({
  getParentRoute: () => office,
  path: "/mailboxes",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/mailboxes/MailboxesPage.tsx"), "MailboxesPage"),
});

const schedules = createRoute({
  getParentRoute: () => office,
  path: "/schedules",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/schedules/SchedulesPage.tsx"), "SchedulesPage"),
});

const prompts = createRoute({
  getParentRoute: () => office,
  path: "/prompts",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/prompts/PromptsPage.tsx"), "PromptsPage"),
});

const trunks = createRoute({
  getParentRoute: () => office,
  path: "/trunks",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/trunks/TrunksPage.tsx"), "TrunksPage"),
});

const numbers = createRoute({
  getParentRoute: () => office,
  path: "/numbers",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/numbers/NumbersPage.tsx"), "NumbersPage"),
});

const outboundRoutes = createRoute({
  getParentRoute: () => office,
  path: "/outbound-routes",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/routes/OutboundRoutesPage.tsx"), "OutboundRoutesPage"),
});

const kinds = createRoute({
  getParentRoute: () => office,
  path: "/records",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/records/KindsPage.tsx"), "KindsPage"),
});

const kind = createRoute({
  getParentRoute: () => office,
  path: "/records/$kind",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/records/KindPage.tsx"), "KindPage"),
});

const welcome = createRoute({
  getParentRoute: () => office,
  path: "/welcome",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/welcome/WelcomePage.tsx"), "WelcomePage"),
});

const settings = createRoute({
  getParentRoute: () => office,
  path: "/settings",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/settings/SettingsPage.tsx"), "SettingsPage"),
});

const users = createRoute({
  getParentRoute: () => office,
  path: "/users",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/users/UsersPage.tsx"), "UsersPage"),
});

const tokens = createRoute({
  getParentRoute: () => office,
  path: "/tokens",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/tokens/TokensPage.tsx"), "TokensPage"),
});

const audit = createRoute({
  getParentRoute: () => office,
  path: "/audit",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/audit/AuditPage.tsx"), "AuditPage"),
});

const guard = createRoute({
  getParentRoute: () => office,
  path: "/guard",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/guard/GuardPage.tsx"), "GuardPage"),
});

const traces = createRoute({
  getParentRoute: () => office,
  path: "/traces",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/traces/TracesPage.tsx"), "TracesPage"),
});

const system = createRoute({
  getParentRoute: () => office,
  path: "/system",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/system/SystemPage.tsx"), "SystemPage"),
});

const documents = createRoute({
  getParentRoute: () => office,
  path: "/documents",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/documents/DocumentsPage.tsx"), "DocumentsPage"),
});

const webhooks = createRoute({
  getParentRoute: () => office,
  path: "/webhooks",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/webhooks/WebhooksPage.tsx"), "WebhooksPage"),
});

const account = createRoute({
  getParentRoute: () => office,
  path: "/account",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/account/AccountPage.tsx"), "AccountPage"),
});

const texts = createRoute({
  getParentRoute: () => office,
  path: "/texts",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/texts/InboxPage.tsx"), "InboxPage"),
});

const textFigures = createRoute({
  getParentRoute: () => office,
  path: "/analytics/texts",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/analytics/TextFiguresPage.tsx"), "TextFiguresPage"),
});

const campaigns = createRoute({
  getParentRoute: () => office,
  path: "/campaigns",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignsPage.tsx"), "CampaignsPage"),
});

const receptionist = createRoute({
  getParentRoute: () => office,
  path: "/receptionist",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/receptionist/ReceptionistPage.tsx"), "ReceptionistPage"),
});

const twilioNumbers = createRoute({
  getParentRoute: () => office,
  path: "/twilio-numbers",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/outside/TwilioNumbersPage.tsx"), "TwilioNumbersPage"),
});

const edge = createRoute({
  getParentRoute: () => office,
  path: "/edge",
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import("./pages/edge/EdgePage.tsx"), "EdgePage"),
});

export const router = createRouter({
  routeTree: root.addChildren([setup, invitation, connect, office.addChildren([phone, dashboard, live, phones, pushPhones, history, voicemail, recordings, conferences, wallboard, analytics, flows, flowEditor, ringGroups, queues, mailboxes, schedules, prompts, trunks, numbers, outboundRoutes, kinds, kind, welcome, settings, users, tokens, audit, guard, traces, system, documents, webhooks, account, texts, textFigures, campaigns, receptionist, twilioNumbers, edge])]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
