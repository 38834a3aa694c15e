/** What was recorded: found, heard, deleted; and how long the room for it will do. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { queryClient } from "../../api/queries.ts";
import { changed, part, type Change } from "../../core/address.ts";
import { formatBytes } from "../../core/bytes.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDay, formatDuration, formatFull, formatShortClock, formatTimer } from "../../core/time.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useDirectory } from "../../live/useLive.ts";
import { Player } from "../../media/Player.tsx";
import { useMay } from "../../media/useMay.ts";
import { deleteRecording, recordingPath, RECORDINGS, recordingsQuery } from "../../media/queries.ts";
import type { Recording } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Pager } from "../history/Pager.tsx";
import { Storage } from "./Storage.tsx";

const route = getRouteApi("/office/recordings");
const PAGE_SIZE = 50;
const SPANS = { day: 1, week: 7, month: 30 } as const;
type Span = keyof typeof SPANS;
const isSpan = (text: string | undefined): text is Span => text !== undefined && text in SPANS;

export function RecordingsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const page = search.page ?? 1;
  const [openedAt] = useState(() => Date.now());
  const deleted = search.show === "deleted";
  const span = isSpan(search.tab) ? search.tab : undefined;
  const { data, error, refetch, isPlaceholderData } = useQuery(
    recordingsQuery({
      number: search.q?.replace(/[\s().-]/g, ""),
      from: span === undefined ? undefined : new Date(openedAt - SPANS[span] * 86_400_000).toISOString(),
      deleted: deleted ? "true" : undefined,
      limit: PAGE_SIZE,
      offset: (page - 1) * PAGE_SIZE,
    }),
  );
  const filtered = [search.q, search.tab, search.show].some(Boolean);
  /** Another list: from its start, with nothing open. */
  const anew = (change: Change<typeof search>, replace = false) => go({ ...change, page: undefined, open: undefined }, replace);
  const go = (change: Change<typeof search>, replace = false) => void navigate({ search: changed(change), resetScroll: false, replace });
  const items = data?.items ?? [];

  return (
    <>
      <PageHead title={t.media.recordings.title} lead={t.media.recordings.lead} />
      <Storage />
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-3">
        <SearchBox
          label={t.media.recordings.search}
          value={search.q ?? ""}
          onChange={(q) => anew({ q }, true)}
        />
        <Chips
          label={t.media.recordings.span}
          choices={[["", t.media.recordings.allTime], ...Object.keys(SPANS).map((each) => [each, t.media.recordings.spans[each as Span]] as const)]}
          chosen={span ?? ""}
          onChoose={(tab) => anew({ tab })}
        />
        <Chips
          label={t.media.recordings.which}
          choices={[["", t.media.recordings.kept], ["deleted", t.media.recordings.deletedOnes]]}
          chosen={deleted ? "deleted" : ""}
          onChoose={(show) => anew({ show })}
        />
        <AsOf />
      </div>
      <section
        aria-label={t.media.recordings.title}
        aria-busy={isPlaceholderData}
        className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
      >
        {data === undefined ? (
          error === null ? (
            <Skeleton rows={5} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )
        ) : items.length === 0 ? (
          filtered ? (
            <EmptyState icon="search" title={t.media.recordings.noMatch}>
              <Button onClick={() => anew({ q: undefined, tab: undefined, show: undefined })}>{t.media.recordings.clear}</Button>
            </EmptyState>
          ) : (
            <EmptyState icon="record" title={t.media.recordings.none} help={t.media.recordings.noneHelp}>
              <Link
                to="/settings"
                className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover"
              >
                {t.media.recordings.toSettings}
              </Link>
            </EmptyState>
          )
        ) : (
          <Fresh>
            <ul className="divide-y divide-line">
              {items.map((recording) => (
                <Row
                  key={recording.id}
                  recording={recording}
                  open={recording.id === search.open}
                  onOpen={() => go({ open: recording.id === search.open ? undefined : recording.id }, true)}
                />
              ))}
            </ul>
          </Fresh>
        )}
      </section>
      {data !== undefined && data.total > PAGE_SIZE && (
        <Pager page={page} size={PAGE_SIZE} shown={items.length} total={data.total} onPage={(next) => go({ page: part(next), open: undefined })} />
      )}
    </>
  );
}

interface ChipsProps {
  readonly label: string;
  readonly choices: readonly (readonly [string, string])[];
  readonly chosen: string;
  readonly onChoose: (choice: string) => void;
}

function Chips({ label, choices, chosen, onChoose }: ChipsProps) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1.5">
      {choices.map(([choice, words]) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === chosen}
          onClick={() => onChoose(choice)}
          className="min-h-9 rounded-full border border-line bg-surface px-3 text-small whitespace-nowrap text-soft hover:border-line-strong hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-8"
        >
          {words}
        </button>
      ))}
    </div>
  );
}

interface RowProps {
  readonly recording: Recording;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ recording, open, onOpen }: RowProps) {
  const now = useNow();
  const directory = useDirectory();
  const name = (number: string, extension: string | null) => directory.get(extension ?? "")?.name ?? (number || t.media.voicemail.withheld);
  const left = name(recording.left, recording.left_extension);
  const right = name(recording.right, recording.right_extension);
  return (
    <li data-recording={recording.id} className={open ? "bg-hover/50" : "hover:bg-hover"}>
      <button
        type="button"
        aria-expanded={open}
        onClick={onOpen}
        className="flex min-h-14 w-full items-center gap-3 px-4 py-2 text-left sm:px-5"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">
            {left} <span className="text-faint">↔</span> {right}
          </span>
          <span className="block truncate text-small text-faint">
            {[
              recording.left !== left ? recording.left : "",
              recording.right !== right ? recording.right : "",
              recording.queue === null ? "" : t.media.recordings.viaQueue(recording.queue),
              recording.trunk === null ? "" : t.media.recordings.viaTrunk(recording.trunk),
            ]
              .filter((each) => each !== "")
              .join(" · ") || " "}
          </span>
        </span>
        {recording.state !== "complete" && (
          <StatusMark tone={recording.state === "recording" ? "live" : recording.state === "deleted" ? "plain" : "warn"}>
            {t.media.recordings.state[recording.state]}
          </StatusMark>
        )}
        <span className="shrink-0 text-right text-small text-soft tabular-nums">
          <time dateTime={recording.started_at} title={formatFull(recording.started_at, t.locale)} className="block">
            {formatDay(recording.started_at, now, t.locale, t.history)} {formatShortClock(recording.started_at, t.locale)}
          </time>
          <span className="text-faint">{formatTimer(Math.round(recording.duration_s) * 1000)}</span>
        </span>
        <Icon name="chevronRight" className={`size-4 shrink-0 text-faint transition-transform ${open ? "rotate-90" : ""}`} />
      </button>
      {open && <Opened recording={recording} tracks={[left, right]} />}
    </li>
  );
}

function Opened({ recording, tracks }: { readonly recording: Recording; readonly tracks: readonly [string, string] }) {
  const say = useSay();
  const mayDelete = useMay("recordings:delete");
  const [asking, setAsking] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => deleteRecording(recording.id),
    onSuccess: () => say(t.media.recordings.deleted),
    onSettled: () => {
      setAsking(false);
      return queryClient.invalidateQueries({ queryKey: RECORDINGS });
    },
  });
  return (
    <div className="flex flex-col gap-4 px-4 pb-5 sm:px-5">
      {recording.deleted_at !== null ? (
        <Notice tone="plain" icon="trash">
          {t.media.recordings.deletedBy(recording.deleted_by, formatFull(recording.deleted_at, t.locale))}
        </Notice>
      ) : (
        <Player
          source={{ path: recordingPath(recording.id) }}
          label={t.media.recordings.of(...tracks)}
          durationS={recording.duration_s}
          tracks={tracks}
          download={`${recording.started_at.slice(0, 16).replace(":", "")}-${recording.id}`}
        />
      )}
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-small text-soft">
        <Fact term={t.media.recordings.because}>{recording.reasons.map(reasonWords).join(", ") || "–"}</Fact>
        {recording.bytes > 0 && <Fact term={t.media.recordings.size}>{formatBytes(recording.bytes, t.locale)}</Fact>}
        {recording.paused_s > 0 && <Fact term={t.media.recordings.paused}>{formatDuration(recording.paused_s, t.duration)}</Fact>}
        <Fact term={t.media.recordings.keptUntil}>
          {recording.keep_until === null ? t.media.recordings.forEver : formatFull(recording.keep_until, t.locale)}
        </Fact>
      </dl>
      {error !== null && (
        <Notice tone="bad" alert>
          {faultWords(error, t)}
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Link
          to="/history"
          search={{ call: recording.call }}
          className="inline-flex min-h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3.5 hover:border-line-strong hover:bg-hover md:min-h-9"
        >
          <Icon name="history" />
          {t.media.voicemail.theCall}
        </Link>
        {mayDelete && recording.deleted_at === null && recording.state !== "recording" && (
          <Button icon="trash" onClick={() => setAsking(true)}>
            {t.common.delete}
          </Button>
        )}
      </div>
      {asking && (
        <Confirm
          title={t.media.recordings.deleteTitle}
          help={t.media.recordings.deleteHelp}
          onClose={() => setAsking(false)}
          cancel={
            <Button data-focus-first onClick={() => setAsking(false)}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button look="danger" icon="trash" busy={isPending} onClick={() => mutate()}>
              {t.common.delete}
            </Button>
          }
        />
      )}
    </div>
  );
}

/** "extension:101" → "extension 101". */
function reasonWords(reason: string): string {
  const [kind = "", what = ""] = reason.split(":");
  const words = t.media.recordings.reason[kind];
  return words === undefined ? reason : words(what);
}

function Fact({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-faint">{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
