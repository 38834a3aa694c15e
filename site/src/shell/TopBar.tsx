import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { Brand } from "./Brand.tsx";
import { LinkBadge } from "./LinkBadge.tsx";

/** The top of narrow screens. */
export function TopBar({ onSearch }: { readonly onSearch: () => void }) {
  return (
    <header className="flex items-center justify-between gap-2 border-b border-line bg-surface py-1.5 pr-2 pl-4 md:hidden">
      <Brand />
      <div className="flex shrink-0 items-center gap-2">
        <LinkBadge />
        <IconButton icon="search" label={t.shell.search} onClick={onSearch} />
      </div>
    </header>
  );
}
