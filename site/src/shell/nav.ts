/** The pages of the site, in groups, and who sees them. */
import { HIDDEN_PAGES } from "../office/content.ts";
import { atLeast, type Role, type Who } from "../core/access.ts";
import { t } from "../text/index.ts";
import { currentMode } from "../office/mode.ts";
import type { IconName } from "../ui/Icon.tsx";

export type PagePath =
  | "/"
  | "/live"
  | "/wallboard"
  | "/voicemail"
  | "/history"
  | "/recordings"
  | "/conferences"
  | "/analytics"
  | "/texts"
  | "/campaigns"
  | "/receptionist"
  | "/twilio-numbers"
  | "/edge"
  | "/phones"
  | "/push-phones"
  | "/flows"
  | "/ring-groups"
  | "/queues"
  | "/mailboxes"
  | "/schedules"
  | "/prompts"
  | "/records"
  | "/numbers"
  | "/trunks"
  | "/outbound-routes"
  | "/settings"
  | "/users"
  | "/tokens"
  | "/audit"
  | "/guard"
  | "/traces"
  | "/webhooks"
  | "/documents"
  | "/system";

export interface NavItem {
  readonly to: PagePath;
  readonly icon: IconName;
  readonly label: string;
  /** The least role that has use for it. */
  readonly least: Role;
}

export type GroupName = "today" | "calls" | "texts" | "reach" | "outside" | "system";

export interface NavGroup {
  readonly name: GroupName;
  readonly label: string;
  readonly items: readonly NavItem[];
}

function item(to: PagePath, icon: IconName, label: string, least: Role): NavItem {
  return { to, icon, label, least };
}

export const GROUPS: readonly NavGroup[] = [
  {
    name: "today",
    label: t.nav.today,
    items: [
      item("/", "dashboard", t.nav.dashboard, "user"),
      item("/live", "live", t.nav.live, "supervisor"),
      item("/wallboard", "wallboard", t.nav.wallboard, "supervisor"),
      item("/voicemail", "voicemail", t.nav.voicemail, "user"),
    ],
  },
  {
    name: "calls",
    label: t.nav.calls,
    items: [
      item("/history", "history", t.nav.history, "user"),
      item("/recordings", "record", t.nav.recordings, "user"),
      item("/conferences", "people", t.nav.conferences, "supervisor"),
      item("/analytics", "chart", t.nav.analytics, "supervisor"),
    ],
  },
  {
    name: "texts",
    label: t.nav.texting,
    items: [
      item("/texts", "chat", t.nav.texts, "supervisor"),
      item("/campaigns", "megaphone", t.nav.campaigns, "supervisor"),
      item("/receptionist", "star", t.nav.receptionist, "supervisor"),
    ],
  },
  {
    name: "reach",
    label: t.nav.reach,
    items: [
      item("/phones", "phone", t.nav.phones, "supervisor"),
      item("/push-phones", "bell", t.nav.pushPhones, "supervisor"),
      item("/flows", "flow", t.nav.flows, "admin"),
      item("/ring-groups", "group", t.nav.groups, "admin"),
      item("/queues", "queue", t.nav.queues, "admin"),
      item("/mailboxes", "inbox", t.nav.mailboxes, "admin"),
      item("/schedules", "calendar", t.nav.schedules, "admin"),
      item("/prompts", "speaker", t.nav.prompts, "admin"),
      item("/records", "more", t.nav.more, "admin"),
    ],
  },
  {
    name: "outside",
    label: t.nav.outside,
    items: [
      item("/numbers", "hash", t.nav.numbers, "admin"),
      item("/twilio-numbers", "globe", t.nav.twilioNumbers, "admin"),
      item("/trunks", "plug", t.nav.trunks, "admin"),
      item("/outbound-routes", "outward", t.nav.routes, "admin"),
      item("/edge", "node", t.nav.edge, "admin"),
    ],
  },
  {
    name: "system",
    label: t.nav.system,
    items: [
      item("/settings", "sliders", t.nav.settings, "admin"),
      item("/users", "user", t.nav.users, "admin"),
      item("/tokens", "key", t.nav.tokens, "admin"),
      item("/audit", "list", t.nav.audit, "admin"),
      item("/guard", "shield", t.nav.guard, "admin"),
      item("/traces", "swap", t.nav.traces, "admin"),
      item("/webhooks", "hook", t.nav.webhooks, "admin"),
      item("/documents", "file", t.nav.documents, "admin"),
      item("/system", "node", t.nav.node, "admin"),
    ],
  },
];

/** What needs no node: the records of documents, and the documents themselves. */
const WITHOUT_NODE: ReadonlySet<PagePath> = new Set([
  "/phones",
  "/flows",
  "/ring-groups",
  "/queues",
  "/mailboxes",
  "/schedules",
  "/prompts",
  "/records",
  "/numbers",
  "/trunks",
  "/outbound-routes",
  "/documents",
]);

/** What a person sees: by role, and without what the makers of this site left out (`content/site.json`). */
export function groupsFor(who: Who): readonly NavGroup[] {
  return GROUPS.map((group) => ({
    ...group,
    items: group.items.filter(
      (each) =>
        atLeast(who, each.least) &&
        !HIDDEN_PAGES.includes(each.to) &&
        (currentMode() === "node" || WITHOUT_NODE.has(each.to)),
    ),
  })).filter((group) => group.items.length > 0);
}

/** The pages that are one tap away on a phone; the others are behind "More". */
export const TABS: readonly PagePath[] = ["/", "/live", "/history", "/phones", "/voicemail", "/flows", "/documents"];
