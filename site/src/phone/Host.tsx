/**
 * Keeps the phone going whatever page is shown: the line, what rings, links to numbers, headset buttons. Fetched after
 * the first page, for those who have an extension.
 */
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useSession } from "../shell/session.tsx";
import { p } from "../text/phone.ts";
import { nameOf } from "./CallStage.tsx";
import { desk } from "./desk.ts";
import { Dock } from "./Dock.tsx";
import { headset } from "./headset.ts";
import { dialable } from "./number.ts";
import type { CallCard } from "./protocol.ts";
import { foremost, ringing, useHere, usePhone } from "./usePhone.ts";

export function Host() {
  const { user } = useSession();
  const extension = user.extension ?? "";
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    if (extension !== "") desk.enter(extension);
  }, [extension]);
  useEffect(() => () => desk.leave(), []);
  useNumberLinks();
  useDesktop();
  useHeadset();
  return path === "/phone" ? null : <Dock extension={extension} />;
}

/** Links to numbers on any page of the site open this phone, where it is in use. */
function useNumberLinks(): void {
  const navigate = useNavigate();
  useEffect(() => {
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="tel:"]') : null;
      if (link === null || event.ctrlKey || event.metaKey || desk.view.phase !== "on") return;
      const number = dialable(link.href);
      if (number === "") return;
      event.preventDefault();
      desk.do({ do: "dial", target: number, name: "" });
    };
    document.addEventListener("click", onClick);
    return () => document.removeEventListener("click", onClick);
  }, [navigate]);
}

/** The title and the notice of a call that rings while nobody looks; and a warning to whoever closes a tab that talks. */
function useDesktop(): void {
  const { calls } = usePhone();
  const here = useHere();
  const rings = calls.find(ringing);
  const who = rings === undefined ? "" : nameOf(rings);
  const id = rings?.id ?? "";
  useEffect(() => {
    if (who === "") return;
    const before = document.title;
    document.title = `☎ ${p.notice(who)}`;
    return () => {
      document.title = before;
    };
  }, [who]);
  useEffect(() => {
    if (id === "" || !here || document.visibilityState === "visible" || !("Notification" in window) || Notification.permission !== "granted") return;
    const notice = new Notification(p.notice(who), { tag: id, requireInteraction: true });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
    return () => notice.close();
  }, [id, who, here]);
  const busy = here && calls.some((each) => each.state !== "ended");
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [busy]);
}

function useHeadset(): void {
  const { calls } = usePhone();
  const here = useHere();
  const front = foremost(calls);
  const latest = useRef<CallCard | undefined>(undefined);
  useEffect(() => {
    latest.current = front;
  }, [front]);
  useEffect(() => {
    void headset.find().catch(() => undefined);
    headset.onButton = (button, down) => {
      const call = latest.current;
      if (call === undefined || call.state === "ended") return;
      if (button === "hook" && down && ringing(call)) desk.do({ do: "answer", id: call.id });
      else if ((button === "hook" && !down && call.state === "talking") || (button === "drop" && down)) desk.do({ do: "hangUp", id: call.id });
      else if (button === "mute" && down) desk.do({ do: "mute", id: call.id, on: !call.muted });
      else if (button === "flash" && down) desk.do({ do: "hold", id: call.id, on: !call.held });
    };
  }, []);
  const rings = calls.some(ringing);
  const talks = calls.some((each) => each.state === "talking" || (each.direction === "out" && each.state !== "ended"));
  const muted = front?.muted === true;
  useEffect(() => {
    headset.show({ ringing: here && rings, talking: here && talks, muted: here && muted });
  }, [here, rings, talks, muted]);
  useEffect(() => {
    if (!here || !talks || !("mediaSession" in navigator)) return;
    const set = (action: string, handler: (() => void) | null) => {
      try {
        navigator.mediaSession.setActionHandler(action as MediaSessionAction, handler);
      } catch {
        // Not every browser knows the actions of calls.
      }
    };
    set("hangup", () => {
      if (latest.current !== undefined) desk.do({ do: "hangUp", id: latest.current.id });
    });
    set("togglemicrophone", () => {
      if (latest.current !== undefined) desk.do({ do: "mute", id: latest.current.id, on: !latest.current.muted });
    });
    return () => {
      set("hangup", null);
      set("togglemicrophone", null);
    };
  }, [here, talks]);
}
