/** The shared inbox: conversations by text beside the one that is open. j and k move, r writes, Enter sends. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { changed, type Change, type PageSearch } from "../../core/address.ts";
import { neighbour, readThreadKey, threadKey } from "../../core/thread.ts";
import { EdgeLoaded, hasEdge, isWithoutEdge } from "../../edge/EdgeLoaded.tsx";
import { conversationsQuery, type InboxFilter } from "../../edge/texts.ts";
import { useMay } from "../../media/useMay.ts";
import { useSession } from "../../shell/session.tsx";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { ConversationList } from "./ConversationList.tsx";
import { InboxMenu } from "./InboxMenu.tsx";
import { NewText } from "./NewText.tsx";
import { Thread } from "./Thread.tsx";
import { useInboxKeys } from "./useInboxKeys.ts";

const route = getRouteApi("/office/texts");
const SHOWN = ["all", "unread", "mine", "waiting", "nobody"] as const;
type Shown = (typeof SHOWN)[number];

function filterOf(shown: Shown, q: string, me: string): InboxFilter {
  return {
    ...(q !== "" && { q }),
    ...(shown === "unread" && { unread: "true" as const }),
    ...(shown === "waiting" && { mode: "waiting" as const }),
    ...(shown === "mine" && { assigned_to: me }),
    ...(shown === "nobody" && { assigned_to: "-" }),
  };
}

export function InboxPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { user } = useSession();
  const may = useMay("texts:write");
  const shown = SHOWN.find((each) => each === search.show) ?? "all";
  const query = useInfiniteQuery(conversationsQuery(filterOf(shown, search.q ?? "", user.username)));
  const there = !isWithoutEdge(query.error);
  const [writing, setWriting] = useState(false);
  const open = readThreadKey(search.open);
  const composer = useRef<HTMLTextAreaElement>(null);

  const go = (change: Change<PageSearch>, replace = true) => void navigate({ search: changed(change), replace, resetScroll: false });
  const close = () => go({ open: undefined });
  const show = (conversation: { readonly from: string; readonly to: string }) => go({ open: threadKey(conversation) }, open !== undefined);
  const items = (query.data?.pages ?? []).flatMap((page) => page.items);
  useInboxKeys({
    move: (step) => {
      const next = neighbour(items, (each) => open !== undefined && threadKey(each) === threadKey(open), step);
      if (next !== undefined) show(next);
    },
    reply: () => composer.current?.focus(),
    close,
  });
  useTitle(query.data?.pages[0]?.unread ?? 0);

  return (
    <>
      <div className={open === undefined ? "" : "max-lg:hidden"}>
        <PageHead title={e.texts.title} lead={e.texts.lead}>
          {hasEdge(query) && (
            <div className="flex gap-2">
              <InboxMenu />
              {may && (
                <Button look="primary" icon="edit" onClick={() => setWriting(true)}>
                  {e.texts.write}
                </Button>
              )}
            </div>
          )}
        </PageHead>
      </div>
      <div className={`mb-3 flex-wrap items-center gap-3 ${!there ? "hidden" : open === undefined ? "flex" : "flex max-lg:hidden"}`}>
        <SearchBox label={e.texts.search} value={search.q ?? ""} onChange={(q) => go({ q, open: undefined })} />
        <Filters shown={shown} q={search.q} unread={query.data?.pages[0]?.unread ?? 0} />
      </div>
      <EdgeLoaded query={query} rows={6}>
        {() => (
          <div className="grid grid-cols-[minmax(0,1fr)] items-stretch gap-4 lg:h-[calc(100dvh-15rem)] lg:min-h-112 lg:grid-cols-[21rem_minmax(0,1fr)]">
            <Panel label={e.texts.conversations} className={`flex min-h-0 flex-col ${open === undefined ? "" : "max-lg:hidden"}`}>
              <ConversationList
                items={items}
                filtered={shown !== "all" || search.q !== undefined}
                open={open}
                onOpen={show}
                onWrite={may ? () => setWriting(true) : undefined}
                more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
                busy={query.isFetchingNextPage}
              />
            </Panel>
            <Panel label={e.texts.thread} className={`flex min-h-0 flex-col ${open === undefined ? "max-lg:hidden" : "max-lg:h-[calc(100dvh-8.5rem)]"}`}>
              {open === undefined ? (
                <EmptyState icon="inbox" title={items.length === 0 ? e.texts.nothingOpenYet : e.texts.nothingOpen} help={e.texts.keysHelp} />
              ) : (
                <Thread key={threadKey(open)} pair={open} may={may} composer={composer} onClose={close} />
              )}
            </Panel>
          </div>
        )}
      </EdgeLoaded>
      {writing && (
        <NewText
          onClose={() => setWriting(false)}
          onSent={(sent) => {
            setWriting(false);
            show(sent);
          }}
        />
      )}
    </>
  );
}

/** How many wait is in the tab's title, for whoever works in another one. */
function useTitle(unread: number): void {
  useEffect(() => {
    const plain = document.title.replace(/^\(\d+\) /, "");
    document.title = unread > 0 ? `(${unread}) ${plain}` : plain;
    return () => {
      document.title = document.title.replace(/^\(\d+\) /, "");
    };
  }, [unread]);
}

interface FiltersProps {
  readonly shown: Shown;
  readonly q: string | undefined;
  readonly unread: number;
}

function Filters({ shown, q, unread }: FiltersProps) {
  return (
    <nav aria-label={e.texts.filters} className="flex flex-wrap gap-1.5">
      {SHOWN.map((each) => (
        <Link
          key={each}
          to="/texts"
          search={{ ...(q !== undefined && { q }), ...(each !== "all" && { show: each }) }}
          resetScroll={false}
          activeOptions={{ exact: true }}
          aria-current={each === shown ? "page" : undefined}
          className="inline-flex min-h-9 items-center gap-1.5 rounded-full border border-line bg-surface px-3 text-small text-soft transition-colors hover:border-line-strong hover:text-ink aria-[current=page]:border-accent aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent md:min-h-8"
        >
          {e.texts.shown[each]}
          {each === "unread" && unread > 0 && <span className="tabular-nums">{unread}</span>}
        </Link>
      ))}
    </nav>
  );
}

