/** The frame of every page: navigation at the side (below on phones), the truth badge, and who is logged in. */
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { LiveAnnouncer } from "../live/LiveAnnouncer.tsx";
import { t } from "../text/index.ts";
import { useKeys } from "./keys.ts";
import { LinkBanner } from "./LinkBanner.tsx";
import { OfficeTime } from "./OfficeTime.tsx";
import { SideBar } from "./SideBar.tsx";
import { SIDE_BAR } from "./choices.ts";
import { useChoice } from "./stored.ts";
import { TabBar } from "./TabBar.tsx";
import { TopBar } from "./TopBar.tsx";

const Palette = lazy(async () => ({ default: (await import("./Palette.tsx")).Palette }));
const Shortcuts = lazy(async () => ({ default: (await import("./Shortcuts.tsx")).Shortcuts }));

type Open = "palette" | "shortcuts" | undefined;

export function Layout() {
  const [open, setOpen] = useState<Open>(undefined);
  const [bar, setBar] = useChoice(SIDE_BAR, "wide");
  const narrow = bar === "narrow";
  const search = () => setOpen("palette");
  useKeys({
    search,
    shortcuts: () => setOpen("shortcuts"),
    sideBar: () => setBar(narrow ? "wide" : "narrow"),
  });
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        {t.skipToContent}
      </a>
      <div className={`md:grid md:min-h-dvh ${narrow ? "md:grid-cols-[4rem_minmax(0,1fr)]" : "md:grid-cols-[15rem_minmax(0,1fr)]"}`}>
        <SideBar narrow={narrow} onNarrow={(next) => setBar(next ? "narrow" : "wide")} onSearch={search} />
        <TopBar onSearch={search} />
        <div className="min-w-0 pb-20 md:pb-8">
          <LinkBanner />
          <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 pt-5 outline-none sm:px-6 md:pt-8">
            <OfficeTime />
            <Outlet />
          </main>
        </div>
        <TabBar />
      </div>
      <LiveAnnouncer />
      <Suspense fallback={null}>
        {open === "palette" && <Palette onClose={() => setOpen(undefined)} onShortcuts={() => setOpen("shortcuts")} />}
        {open === "shortcuts" && <Shortcuts onClose={() => setOpen(undefined)} />}
      </Suspense>
    </>
  );
}
