/** The frame of every page: navigation at the side (below on phones), the truth badge, and who is logged in. */
import { Link, Outlet } from "@tanstack/react-router";
import { LinkBadge } from "./LinkBadge.tsx";
import { LinkBanner } from "./LinkBanner.tsx";
import { SignedIn } from "./SignedIn.tsx";
import { ThemeButton } from "./ThemeButton.tsx";
import { badgeOf } from "../core/link.ts";
import { LiveAnnouncer } from "../live/LiveAnnouncer.tsx";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";
import { Icon, Logo, type IconName } from "../ui/Icon.tsx";

interface NavItem {
  readonly to: "/" | "/live" | "/phones" | "/history";
  readonly icon: IconName;
  readonly label: string;
}

const NAV: readonly NavItem[] = [
  { to: "/", icon: "dashboard", label: t.nav.dashboard },
  { to: "/live", icon: "live", label: t.nav.live },
  { to: "/phones", icon: "phone", label: t.nav.phones },
  { to: "/history", icon: "history", label: t.nav.history },
];

export function Layout() {
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        {t.skipToContent}
      </a>
      <div className="md:grid md:min-h-dvh md:grid-cols-[13.5rem_minmax(0,1fr)]">
        <SideBar />
        <TopBar />
        <div className="min-w-0 pb-20 md:pb-8">
          <LinkBanner />
          <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 pt-5 outline-none sm:px-6 md:pt-8">
            <Outlet />
          </main>
        </div>
        <TabBar />
      </div>
      <LiveAnnouncer />
    </>
  );
}

function SideBar() {
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface md:flex">
      <Brand className="px-5 pt-6 pb-5" />
      <nav aria-label={t.mainNavigation} className="flex flex-col gap-0.5 px-3">
        {NAV.map((item) => (
          <Link
            key={item.to}
            to={item.to}
            activeOptions={{ exact: item.to === "/", includeSearch: false }}
            className="group flex min-h-10 items-center gap-3 rounded-lg px-3 text-soft transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
          >
            <Icon name={item.icon} className="size-[1.125rem]" />
            {item.label}
            {item.to === "/live" && <LiveCount />}
          </Link>
        ))}
      </nav>
      <div className="mt-auto flex flex-col gap-3 px-5 pb-5">
        <LinkBadge />
        <div className="-mx-2 flex items-center justify-between border-t border-line pt-3">
          <SignedIn />
          <ThemeButton />
        </div>
      </div>
    </aside>
  );
}

function TopBar() {
  return (
    <header className="flex items-center justify-between gap-2 border-b border-line bg-surface py-1.5 pr-2 pl-4 md:hidden">
      <Brand />
      <div className="flex items-center">
        <LinkBadge />
        <span className="w-2" />
        <ThemeButton />
        <SignedIn compact />
      </div>
    </header>
  );
}

function TabBar() {
  return (
    <nav
      aria-label={t.mainNavigation}
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-4 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {NAV.map((item) => (
        <Link
          key={item.to}
          to={item.to}
          activeOptions={{ exact: item.to === "/", includeSearch: false }}
          className="relative flex min-h-14 flex-col items-center justify-center gap-0.5 text-label text-soft outline-offset-[-3px] aria-[current=page]:font-medium aria-[current=page]:text-accent"
        >
          <Icon name={item.icon} className="size-5" />
          {item.label}
          {item.to === "/live" && <LiveCount floating />}
        </Link>
      ))}
    </nav>
  );
}

/** How many calls are going on; nothing while that is not known. */
function LiveCount({ floating = false }: { readonly floating?: boolean }) {
  const { calls, link } = useLive();
  if (calls.length === 0 || badgeOf(link) !== "online") return null;
  return (
    <span
      className={`rounded-full bg-good-soft px-1.5 text-label font-semibold text-good tabular-nums ${floating ? "absolute top-1 left-1/2 ml-2" : "ml-auto"}`}
    >
      {calls.length}
      <span className="sr-only"> {t.dashboard.liveNow}</span>
    </span>
  );
}

function Brand({ className = "" }: { readonly className?: string }) {
  return (
    <p className={`flex items-center gap-2.5 ${className}`}>
      <Logo className="size-7" />
      <span className="text-lead font-semibold tracking-tight max-xs:sr-only">{t.product}</span>
    </p>
  );
}
