/** Everybody who can be called: the office, the speed dials, and who was called before. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { DirectoryEntry } from "../schema.gen.ts";
import { p } from "../text/phone.ts";
import type { Tone } from "../ui/StatusMark.tsx";
import { directoryQuery, historyQuery, speedDialsQuery } from "./queries.ts";
import type { Contact } from "./t9.ts";
import { usePhone } from "./usePhone.ts";

export interface Person extends Contact {
  readonly presence: Presence | undefined;
}

export type Presence = keyof typeof p.people.state;

export const TONES: Readonly<Record<Presence, Tone>> = { free: "good", ringing: "warn", busy: "bad", offline: "plain", dnd: "bad" };

export function presenceOf(entry: DirectoryEntry): Presence {
  if (entry.state === "ringing") return "ringing";
  if (entry.state !== "free") return "busy";
  if (entry.do_not_disturb) return "dnd";
  return entry.registered ? "free" : "offline";
}

export function usePeople(): readonly Person[] {
  const own = usePhone().login?.extension;
  const { data } = useQuery(directoryQuery);
  return useMemo(
    () =>
      (data?.items ?? [])
        .filter((each) => each.number !== own)
        .map((each) => ({ key: `x${each.number}`, name: each.name, number: each.number, also: each.department, presence: presenceOf(each) })),
    [data, own],
  );
}

export function useSpeedDials(): readonly Person[] {
  const { data } = useQuery(speedDialsQuery);
  return useMemo(
    () =>
      (data?.items ?? []).map((each) => ({ key: `s${each.dialled}${each.destination}`, name: each.name, number: each.dialled === "" ? each.destination : each.dialled, also: `${p.dial.speedDial} ${each.destination}`, presence: undefined })),
    [data],
  );
}

export function useContacts(): readonly Person[] {
  const people = usePeople();
  const dials = useSpeedDials();
  const { data } = useInfiniteQuery(historyQuery);
  return useMemo(() => {
    const known = new Set([...people, ...dials].map((each) => each.number));
    const before = (data?.pages ?? [])
      .flatMap((page) => page.items)
      .filter((each) => {
        if (each.number === "" || known.has(each.number)) return false;
        known.add(each.number);
        return true;
      })
      .map((each) => ({ key: `h${each.number}`, name: each.name === "" ? each.number : each.name, number: each.number, also: p.dial.lastCalled, presence: undefined }));
    return [...people, ...dials, ...before];
  }, [people, dials, data]);
}

/** "AM" for Anna Meier; the first sign for what is no name. */
export function initials(name: string): string {
  const words = name.split(/[\s,.-]+/).filter((word) => /^\p{L}/u.test(word));
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return `${first?.charAt(0) ?? name.charAt(0)}${last?.charAt(0) ?? ""}`.toUpperCase();
}
