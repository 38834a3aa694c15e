/** What the node says for the office: as a sound, or as a text that its voice speaks. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { changed } from "../../core/address.ts";
import { fold } from "../../core/phones.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDay, formatTimer } from "../../core/time.ts";
import { PROMPTS, promptAudiosQuery } from "../../media/queries.ts";
import { request } from "../../api/client.ts";
import { kindNamed } from "../../office/kinds.ts";
import { useUsers } from "../../records/data.ts";
import type { Prompt, PromptAudio, PromptList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useNow } from "../../ui/now.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { NewPrompt } from "./NewPrompt.tsx";
import { PromptDrawer } from "./PromptDrawer.tsx";

const route = getRouteApi("/office/prompts");

const promptsQuery = {
  queryKey: [...PROMPTS, "records"],
  queryFn: () => request<PromptList>("/prompts", { query: { limit: 1000 } }),
};

export function PromptsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const prompts = useQuery(promptsQuery);
  const audios = useQuery(promptAudiosQuery);
  const error = prompts.error ?? audios.error;
  const wanted = fold(search.q ?? "");
  const items = prompts.data?.items ?? [];
  const shown = items.filter((each) => [each.name, each.id, each.text].some((words) => fold(words).includes(wanted)));
  const audio = new Map((audios.data?.items ?? []).map((each) => [each.prompt, each]));
  const kept = search.q === undefined ? {} : { q: search.q };
  const go = (open?: string) => void navigate({ search: changed({ open }), resetScroll: false });
  const opened = items.find((each) => each.id === search.open);
  const ready = prompts.data !== undefined && audios.data !== undefined;

  return (
    <>
      <PageHead title={t.media.prompts.title} lead={t.media.prompts.lead}>
        <Button look="primary" icon="plus" onClick={() => go("new")}>
          {t.media.prompts.create}
        </Button>
      </PageHead>
      <div className="mb-3">
        <SearchBox
          label={t.media.prompts.search}
          value={search.q ?? ""}
          onChange={(q) => void navigate({ search: changed({ q }), replace: true })}
        />
      </div>
      <section
        aria-label={t.media.prompts.title}
        className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
      >
        {!ready ? (
          error === null ? (
            <Skeleton rows={4} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void Promise.all([prompts.refetch(), audios.refetch()])}>{t.common.retry}</Button>
            </EmptyState>
          )
        ) : items.length === 0 ? (
          <EmptyState icon="mic" title={t.media.prompts.none} help={t.media.prompts.noneHelp}>
            <Button look="primary" onClick={() => go("new")}>
              {t.media.prompts.createFirst}
            </Button>
          </EmptyState>
        ) : shown.length === 0 ? (
          <EmptyState icon="search" title={t.media.prompts.noMatch} />
        ) : (
          <ul className="divide-y divide-line">
            {shown.map((prompt) => (
              <Row key={prompt.id} prompt={prompt} audio={audio.get(prompt.id)} search={{ ...kept, open: prompt.id }} />
            ))}
          </ul>
        )}
      </section>
      {search.open === "new" && <NewPrompt taken={items.map((each) => each.id)} onClose={() => go()} onMade={go} />}
      {opened !== undefined && ready && (
        <PromptDrawer key={opened.id} prompt={opened} audio={audio.get(opened.id)} onClose={() => go()} />
      )}
    </>
  );
}

interface RowProps {
  readonly prompt: Prompt;
  readonly audio: PromptAudio | undefined;
  readonly search: { readonly q?: string; readonly open: string };
}

function Row({ prompt, audio, search }: RowProps) {
  const now = useNow();
  return (
    <li data-prompt={prompt.id} className="relative flex flex-wrap items-center gap-x-4 gap-y-1.5 px-4 py-3 hover:bg-hover sm:px-5">
      <span className="min-w-0 flex-1 basis-48">
        <Link
          to="/prompts"
          search={search}
          resetScroll={false}
          className="font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
        >
          {prompt.name}
        </Link>
        <span className="block truncate text-small text-faint">{prompt.text === "" ? prompt.id : prompt.text}</span>
        <Uses id={prompt.id} />
      </span>
      {audio !== undefined ? (
        <>
          <span className="text-small text-faint">
            {t.media.prompts.madeBy(formatDay(audio.made_at, now, t.locale, t.history), audio.by)}
          </span>
          <StatusMark tone="good">{t.media.prompts.recorded(formatTimer(Math.round(audio.seconds) * 1000))}</StatusMark>
        </>
      ) : prompt.text !== "" ? (
        <StatusMark tone="plain">{t.media.prompts.spoken}</StatusMark>
      ) : (
        <StatusMark tone="warn">{t.media.prompts.silent}</StatusMark>
      )}
      <Icon name="chevronRight" className="size-4 text-faint max-sm:hidden" />
    </li>
  );
}

/** What says it. A prompt that nothing uses may be there for later, or be forgotten. */
function Uses({ id }: { readonly id: string }) {
  const { data } = useUsers(kindNamed("prompt"), id);
  if (data === undefined) return null;
  const names = data.map((user) => user.name || user.key);
  return (
    <span className="block truncate text-small text-faint">
      {names.length === 0 ? t.media.prompts.unused : t.media.prompts.usedBy(names.slice(0, 3).join(", "), names.length - 3)}
    </span>
  );
}
