/** The navigation at the side of wide screens: groups that fold, or a narrow strip of icons. */
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { whoIs } from "../core/access.ts";
import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Brand } from "./Brand.tsx";
import { FOLDED } from "./choices.ts";
import { LanguageButton } from "./LanguageButton.tsx";
import { LinkBadge } from "./LinkBadge.tsx";
import { LiveCount } from "./LiveCount.tsx";
import { groupsFor, type NavGroup, type NavItem } from "./nav.ts";
import { useSession } from "./session.tsx";
import { LogOutButton, MyAccount } from "./SignedIn.tsx";
import { useChoice } from "./stored.ts";
import { ThemeButton } from "./ThemeButton.tsx";

interface SideBarProps {
  readonly narrow: boolean;
  readonly onNarrow: (narrow: boolean) => void;
  readonly onSearch: () => void;
}

export function SideBar({ narrow, onNarrow, onSearch }: SideBarProps) {
  const groups = groupsFor(whoIs(useSession()));
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
  }, [path]);
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface md:flex">
      <div className={`flex items-center pt-4 pb-3 ${narrow ? "flex-col gap-2 px-2" : "justify-between pr-2.5 pl-4"}`}>
        <Brand narrow={narrow} />
        <IconButton
          icon="sidebar"
          label={narrow ? t.shell.widen : t.shell.narrow}
          aria-expanded={!narrow}
          onClick={() => onNarrow(!narrow)}
        />
      </div>
      <SearchButton narrow={narrow} onSearch={onSearch} />
      <nav ref={nav} aria-label={t.mainNavigation} className={`min-h-0 flex-1 overflow-y-auto pt-2 pb-4 ${narrow ? "px-2.5" : "px-3"}`}>
        {groups.map((group) => (
          <Group key={group.name} group={group} narrow={narrow} />
        ))}
      </nav>
      <div className={`flex flex-col gap-2 border-t border-line py-3 ${narrow ? "items-center px-2" : "px-4"}`}>
        <LinkBadge compact={narrow} />
        <div className={`flex items-center ${narrow ? "flex-col" : "-mx-2 justify-between"}`}>
          <MyAccount compact={narrow} />
          <span className={`flex ${narrow ? "flex-col" : ""}`}>
            <LanguageButton />
            <ThemeButton />
            <LogOutButton />
          </span>
        </div>
      </div>
    </aside>
  );
}

function SearchButton({ narrow, onSearch }: { readonly narrow: boolean; readonly onSearch: () => void }) {
  if (narrow) {
    return (
      <div className="flex justify-center">
        <IconButton icon="search" label={t.shell.search} aria-keyshortcuts="Control+K" onClick={onSearch} />
      </div>
    );
  }
  return (
    <button
      type="button"
      onClick={onSearch}
      aria-keyshortcuts="Control+K"
      className="mx-3 flex min-h-9 items-center gap-2.5 rounded-lg border border-line bg-canvas px-3 text-left text-soft hover:border-line-strong hover:text-ink"
    >
      <Icon name="search" />
      <span className="flex-1">{t.shell.search}</span>
      <kbd aria-hidden="true" className="rounded border border-line px-1.5 font-sans text-label text-faint">
        {t.shell.ctrl} K
      </kbd>
    </button>
  );
}

/** Groups that are folded at first: what is set up once and rarely looked at again. */
const FOLDED_AT_FIRST = "outside system";

function Group({ group, narrow }: { readonly group: NavGroup; readonly narrow: boolean }) {
  const [folded, setFolded] = useChoice(FOLDED, FOLDED_AT_FIRST);
  const path = useLocation({ select: (location) => location.pathname });
  const names = folded.split(" ").filter((each) => each !== "");
  const here = group.items.some((item) => isHere(item, path));
  const open = narrow || here || !names.includes(group.name);
  const fold = () => setFolded((open ? [...names, group.name] : names.filter((each) => each !== group.name)).join(" "));
  const id = `nav-${group.name}`;
  return (
    <div className={narrow ? "border-t border-line py-1.5 first:border-t-0" : "mt-2"}>
      {!narrow && (
        <h2>
          <button
            type="button"
            aria-expanded={open}
            aria-controls={id}
            disabled={here}
            onClick={fold}
            className="flex min-h-7 w-full items-center justify-between rounded-md px-3 text-label font-semibold text-faint not-disabled:hover:text-ink"
          >
            {group.label}
            {!here && <Icon name="chevronDown" className={`size-3.5 transition-transform ${open ? "" : "-rotate-90"}`} />}
          </button>
        </h2>
      )}
      <ul id={id} hidden={!open} className="flex flex-col gap-px">
        {group.items.map((item) => (
          <li key={item.to}>
            <SideLink item={item} narrow={narrow} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function isHere(item: NavItem, path: string): boolean {
  return item.to === "/" ? path === "/" : path === item.to || path.startsWith(`${item.to}/`);
}

function SideLink({ item, narrow }: { readonly item: NavItem; readonly narrow: boolean }) {
  return (
    <Link
      to={item.to}
      title={narrow ? item.label : undefined}
      activeOptions={{ exact: item.to === "/", includeSearch: false }}
      className={`relative flex min-h-8.5 items-center rounded-lg text-soft transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent ${narrow ? "justify-center" : "gap-3 px-3"}`}
    >
      <Icon name={item.icon} className="size-[1.125rem]" />
      <span className={narrow ? "sr-only" : "truncate"}>{item.label}</span>
      {item.to === "/live" && <LiveCount floating={narrow} />}
    </Link>
  );
}
