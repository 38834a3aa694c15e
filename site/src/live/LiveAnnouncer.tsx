/** Tells screen readers what the eye sees on the live pages: calls that begin, are answered, end. */
import { useEffect, useRef, useState } from "react";
import { viewCall, type CallView } from "../core/calls.ts";
import { badgeOf } from "../core/link.ts";
import { t } from "../text/index.ts";
import { useLive } from "./useLive.ts";

type Seen = ReadonlyMap<string, CallView>;

export function LiveAnnouncer() {
  const { calls, data, link } = useLive();
  const seen = useRef<Seen | undefined>(undefined);
  const [words, setWords] = useState("");
  const online = badgeOf(link) === "online";

  useEffect(() => {
    if (!online || data === undefined) return;
    const now: Seen = new Map(calls.map((call) => [call.id, viewCall(call, t)]));
    const news = seen.current === undefined ? [] : newsBetween(seen.current, now);
    seen.current = now;
    if (news.length > 0) setWords(news.slice(-3).join(". "));
  }, [calls, data, online]);

  return (
    <p aria-live="polite" className="sr-only">
      {words}
    </p>
  );
}

function newsBetween(before: Seen, now: Seen): string[] {
  const news: string[] = [];
  for (const [id, call] of now) {
    const old = before.get(id);
    if (old === undefined) news.push(t.live.announceStart(call.from.name, call.to.name));
    else if (call.answered && !old.answered) news.push(t.live.announceAnswer(call.from.name, call.to.name));
    else if (call.trouble && !old.trouble) news.push(call.summary);
  }
  for (const [id, call] of before) {
    if (!now.has(id)) news.push(t.live.announceEnd(call.from.name, call.to.name));
  }
  return news;
}
