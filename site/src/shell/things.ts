/** What the palette finds. */
import { queryOptions } from "@tanstack/react-query";
import type { NavigateOptions } from "@tanstack/react-router";
import { useMemo } from "react";
import { request } from "../api/client.ts";
import { goTo, HERE, offices } from "../api/place.ts";
import { logOut } from "../api/queries.ts";
import { atLeast, whoIs, type Who } from "../core/access.ts";
import type { Findable } from "../core/find.ts";
import { useLive } from "../live/useLive.ts";
import type { FlowStateList, InboundNumberList } from "../schema.gen.ts";
import { chooseLanguage, LANGUAGES, t, type Language } from "../text/index.ts";
import type { IconName } from "../ui/Icon.tsx";
import { groupsFor } from "./nav.ts";
import { leave, useSession } from "./session.tsx";
import { chooseTheme } from "./theme.ts";

export interface Thing extends Findable {
  readonly key: string;
  readonly group: string;
  readonly icon: IconName;
  readonly note: string;
  readonly go?: NavigateOptions;
  readonly act?: () => void;
}

/** Only for who may read them; a refusal finds nothing. */
export const numbersToFind = queryOptions({
  queryKey: ["inbound_number", "find"],
  queryFn: async () => (await request<InboundNumberList>("/inbound-numbers", { query: { limit: 500 } })).items,
});

export const flowsToFind = queryOptions({
  queryKey: ["flow", "find"],
  queryFn: async () => (await request<FlowStateList>("/flow-states", { query: { limit: 500 } })).items,
});

export function useThings(
  numbers: InboundNumberList["items"],
  flows: FlowStateList["items"],
  onShortcuts: () => void,
): readonly Thing[] {
  const session = useSession();
  const who = useMemo(() => whoIs(session), [session]);
  const { data } = useLive();
  const extensions = data?.extensions;
  return useMemo(() => {
    const people = [...(extensions?.values() ?? [])].map(
      ({ number, name }): Thing => ({
        key: `extension ${number}`,
        group: t.nav.phones,
        icon: "phone",
        title: name,
        also: number,
        note: number,
        go: { to: "/phones", search: { open: number } },
      }),
    );
    const outside = numbers.map(
      ({ number, name }): Thing => ({
        key: `number ${number}`,
        group: t.nav.numbers,
        icon: "hash",
        title: number,
        also: `${name} ${number.replace(/\D/g, "")}`,
        note: name,
        go: { to: "/numbers", search: { open: number } },
      }),
    );
    const drawn = flows.map(
      ({ flow, name }): Thing => ({
        key: `flow ${flow}`,
        group: t.nav.flows,
        icon: "flow",
        title: name,
        also: flow,
        note: flow,
        go: { to: "/flows/$number", params: { number: flow } },
      }),
    );
    return [...pages(who), ...deeds(who, onShortcuts), ...people, ...outside, ...drawn];
  }, [who, extensions, numbers, flows, onShortcuts]);
}

function pages(who: Who): Thing[] {
  const found = groupsFor(who).flatMap((group) =>
    group.items.map(
      (item): Thing => ({
        key: item.to,
        group: t.shell.pages,
        icon: item.icon,
        title: item.label,
        also: group.label,
        note: group.label,
        go: { to: item.to },
      }),
    ),
  );
  return [...found, { key: "/account", group: t.shell.pages, icon: "user", title: t.nav.account, also: "", note: "", go: { to: "/account" } }];
}

function deeds(who: Who, onShortcuts: () => void): Thing[] {
  const deed = (key: string, icon: IconName, title: string, how: Pick<Thing, "go" | "act">, also = ""): Thing => ({
    key,
    group: t.shell.actions,
    icon,
    title,
    also,
    note: "",
    ...how,
  });
  const make: Thing[] = atLeast(who, "admin")
    ? [
        deed("new extension", "plus", t.shell.newExtension, { go: { to: "/phones", search: { open: "new" } } }, t.nav.phones),
        deed("new group", "plus", t.shell.newGroup, { go: { to: "/ring-groups", search: { open: "new" } } }),
        deed("new queue", "plus", t.shell.newQueue, { go: { to: "/queues", search: { open: "new" } } }),
        deed("new number", "plus", t.shell.newNumber, { go: { to: "/numbers", search: { open: "new" } } }),
        deed("new trunk", "plus", t.shell.newTrunk, { go: { to: "/trunks", search: { open: "new" } } }),
        deed("wizard", "check", t.shell.wizard, { go: { to: "/welcome" } }),
      ]
    : [];
  const languages = (Object.entries(LANGUAGES) as [Language, string][]).map(([key, name]) =>
    deed(`language ${key}`, "globe", `${t.shell.language}: ${name}`, { act: () => chooseLanguage(key) }, "language sprache"),
  );
  const others = offices()
    .filter(({ node }) => node !== HERE.node)
    .map(({ name, node }) => deed(`office ${node}`, "office", t.connect.goTo(name || node), { act: () => goTo(node) }));
  return [
    ...make,
    deed("dark", "moon", t.shell.darkTheme, { act: () => chooseTheme("dark") }, "dark theme"),
    deed("light", "sun", t.shell.lightTheme, { act: () => chooseTheme("light") }, "light theme"),
    deed("system", "system", t.shell.systemTheme, { act: () => chooseTheme("system") }, "system theme"),
    ...languages,
    deed("shortcuts", "keyboard", t.shell.shortcuts, { act: onShortcuts }),
    ...others,
    deed("log out", "logOut", t.session.logOut, { act: () => void logOut().then(leave, leave) }),
  ];
}
