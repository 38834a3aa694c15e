/** The navigation of narrow screens: what is looked at most below the thumb, everything else in a sheet. */
import { Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { whoIs } from "../core/access.ts";
import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { LanguageButton } from "./LanguageButton.tsx";
import { LiveCount } from "./LiveCount.tsx";
import { groupsFor, TABS, type NavGroup, type NavItem } from "./nav.ts";
import { useSession } from "./session.tsx";
import { LogOutButton, MyAccount } from "./SignedIn.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

const MOST_TABS = 4;
const TAB =
  "relative flex min-h-14 flex-col items-center justify-center gap-0.5 px-0.5 text-label text-soft outline-offset-[-3px] aria-[current=page]:font-medium aria-[current=page]:text-accent";

export function TabBar() {
  const [more, setMore] = useState(false);
  const groups = groupsFor(whoIs(useSession()));
  const all = groups.flatMap((group) => group.items);
  const tabs = TABS.flatMap((to) => all.find((item) => item.to === to) ?? []).slice(0, MOST_TABS);
  const path = useLocation({ select: (location) => location.pathname });
  const elsewhere = !tabs.some((tab) => (tab.to === "/" ? path === "/" : path.startsWith(tab.to)));
  return (
    <>
      <nav
        aria-label={t.mainNavigation}
        className="fixed inset-x-0 bottom-0 z-30 grid auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
      >
        {tabs.map((item) => (
          <Link key={item.to} to={item.to} activeOptions={{ exact: item.to === "/", includeSearch: false }} className={TAB}>
            <Icon name={item.icon} className="size-5" />
            <span className="max-w-full truncate">{item.to === "/live" ? t.nav.liveShort : item.label}</span>
            {item.to === "/live" && <LiveCount floating />}
          </Link>
        ))}
        <button
          type="button"
          aria-haspopup="dialog"
          aria-expanded={more}
          onClick={() => setMore(true)}
          className={`${TAB} ${elsewhere ? "font-medium text-accent" : ""}`}
        >
          <Icon name="more" className="size-5" />
          {t.shell.more}
        </button>
      </nav>
      {more && <MoreSheet groups={groups} onClose={() => setMore(false)} />}
    </>
  );
}

interface MoreSheetProps {
  readonly groups: readonly NavGroup[];
  readonly onClose: () => void;
}

function MoreSheet({ groups, onClose }: MoreSheetProps) {
  return (
    <Dialog shape="bottom" label={t.shell.more} onClose={onClose}>
      <div className="flex items-center justify-between border-b border-line py-2 pr-2 pl-3">
        <MyAccount onGo={onClose} />
        <span className="flex">
          <LanguageButton />
          <ThemeButton />
          <LogOutButton />
          <IconButton icon="close" label={t.common.close} onClick={onClose} />
        </span>
      </div>
      <nav aria-label={t.shell.allPages} className="min-h-0 overflow-y-auto p-3 pb-[calc(1rem+env(safe-area-inset-bottom))]">
        {groups.map((group) => (
          <section key={group.name} aria-label={group.label} className="mb-2">
            <h2 className="px-2 py-1 text-label font-semibold text-faint">{group.label}</h2>
            <ul className="grid grid-cols-2 gap-1">
              {group.items.map((item) => (
                <li key={item.to}>
                  <SheetLink item={item} onGo={onClose} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
    </Dialog>
  );
}

function SheetLink({ item, onGo }: { readonly item: NavItem; readonly onGo: () => void }) {
  return (
    <Link
      to={item.to}
      onClick={onGo}
      activeOptions={{ exact: item.to === "/", includeSearch: false }}
      className="flex min-h-11 items-center gap-2.5 rounded-lg px-2 text-soft hover:bg-hover hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
    >
      <Icon name={item.icon} className="size-5" />
      <span className="min-w-0 leading-tight">{item.label}</span>
    </Link>
  );
}
