/** What callers have said: boxes with their counts beside the messages of one of them, or of all. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { queryClient } from "../../api/queries.ts";
import { changed, part, type Change, type PageSearch } from "../../core/address.ts";
import { faultWords } from "../../core/problem.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import { boxesQuery, VOICEMAIL, type Folder } from "../../media/queries.ts";
import type { MailboxState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Boxes } from "./Boxes.tsx";
import { Greetings } from "./Greetings.tsx";
import { Messages } from "./Messages.tsx";

const route = getRouteApi("/office/voicemail");
const TABS = ["all", "new", "saved", "bin", "greetings"] as const;
type Tab = (typeof TABS)[number];

const FOLDERS: Readonly<Record<Tab, Folder | undefined>> = {
  all: undefined,
  new: "new",
  saved: "saved",
  bin: "bin",
  greetings: undefined,
};

export function VoicemailPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(boxesQuery);
  const { data: live } = useLive();
  const states = live?.mailboxes;

  useEffect(() => {
    // A box has changed: so have the messages of an open folder.
    if (states !== undefined) void queryClient.invalidateQueries({ queryKey: [...VOICEMAIL, "messages"] });
  }, [states]);

  const go = (change: Change<PageSearch>, replace = false) => void navigate({ search: changed(change), resetScroll: false, replace });
  const boxes = (data?.items ?? []).map((box) => states?.get(box.number) ?? box);
  const box = boxes.find((each) => each.number === search.show);
  const tabs = TABS.filter((each) => each !== "greetings" || box !== undefined);
  const tab = tabs.find((each) => each === search.tab) ?? "all";
  const address = (next: Tab): PageSearch => ({
    ...(search.show !== undefined && { show: search.show }),
    ...(next !== "all" && { tab: next }),
  });

  return (
    <>
      <PageHead title={t.media.voicemail.title} lead={t.media.voicemail.lead}>
        <Link to="/mailboxes" className="inline-flex min-h-10 items-center rounded-lg border border-line bg-surface px-3.5 whitespace-nowrap hover:border-line-strong hover:bg-hover md:min-h-9">
          {t.media.voicemail.settings}
        </Link>
      </PageHead>
      {data === undefined ? (
        <Frame>
          {error === null ? (
            <Skeleton rows={5} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )}
        </Frame>
      ) : boxes.length === 0 ? (
        <Frame>
          <EmptyState icon="voicemail" title={t.media.voicemail.noBoxes} help={t.media.voicemail.noBoxesHelp}>
            <Link
              to="/mailboxes"
              search={{ open: "new" }}
              className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover"
            >
              {t.media.voicemail.createBox}
            </Link>
          </EmptyState>
        </Frame>
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[15rem_minmax(0,1fr)]">
          <Fresh>
            <Boxes boxes={boxes} chosen={box?.number} tab={search.tab} />
          </Fresh>
          <div className="min-w-0">
            <div className="mb-3 flex flex-wrap items-center gap-3">
              <Tabs tabs={tabs} tab={tab} box={box} address={address} />
              <AsOf />
            </div>
            {tab === "greetings" && box !== undefined ? (
              <Greetings key={box.number} box={box} />
            ) : (
              <Messages
                key={`${search.show ?? ""} ${tab}`}
                mailbox={box?.number ?? ""}
                folder={FOLDERS[tab]}
                page={search.page ?? 1}
                open={search.open}
                boxes={boxes}
                transcripts={data.transcripts}
                onOpen={(open) => go({ open }, true)}
                onPage={(page) => go({ page: part(page), open: undefined })}
              />
            )}
          </div>
        </div>
      )}
    </>
  );
}

function Frame({ children }: { readonly children: React.ReactNode }) {
  return <section className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">{children}</section>;
}

interface TabsProps {
  readonly tabs: readonly Tab[];
  readonly tab: Tab;
  readonly box: MailboxState | undefined;
  readonly address: (tab: Tab) => PageSearch;
}

function Tabs({ tabs, tab, box, address }: TabsProps) {
  return (
    <nav aria-label={t.media.voicemail.folders} className="flex flex-wrap gap-1.5">
      {tabs.map((each) => (
        <Link
          key={each}
          to="/voicemail"
          search={address(each)}
          resetScroll={false}
          activeOptions={{ exact: true }}
          aria-current={each === tab ? "page" : undefined}
          className="inline-flex min-h-9 items-center gap-1.5 rounded-full border border-line bg-surface px-3 text-small text-soft transition-colors hover:border-line-strong hover:text-ink aria-[current=page]:border-accent aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent md:min-h-8"
        >
          {t.media.voicemail.folder[each]}
          {each === "bin" && box !== undefined && box.in_bin > 0 && <span className="tabular-nums">{box.in_bin}</span>}
        </Link>
      ))}
    </nav>
  );
}
