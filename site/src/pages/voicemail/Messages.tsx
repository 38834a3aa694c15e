/** The messages of a folder: one opens below its row; several can be dealt with together. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queryClient } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { Fresh } from "../../live/Fresh.tsx";
import {
  deleteVoicemail,
  patchVoicemail,
  VOICEMAIL,
  VOICEMAIL_PAGE,
  voicemailsQuery,
  type Folder,
} from "../../media/queries.ts";
import type { MailboxState, Voicemail } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Pager } from "../history/Pager.tsx";
import { ForwardDialog } from "./ForwardDialog.tsx";
import { MessageRow } from "./MessageRow.tsx";

/** What can be done with messages; each names its words in `t.media.voicemail`. */
export type Deed = "heard" | "unheard" | "save" | "unsave" | "delete" | "restore" | "forever";

interface MessagesProps {
  readonly mailbox: string;
  readonly folder: Folder | undefined;
  readonly page: number;
  readonly open: string | undefined;
  readonly boxes: readonly MailboxState[];
  readonly transcripts: boolean;
  readonly onOpen: (id: string | undefined) => void;
  readonly onPage: (page: number) => void;
}

export function Messages(props: MessagesProps) {
  const { mailbox, folder, page, open, boxes, transcripts, onOpen, onPage } = props;
  const { data, error, refetch, isPlaceholderData } = useQuery(
    voicemailsQuery({ mailbox, folder, offset: (page - 1) * VOICEMAIL_PAGE }),
  );
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [forwarding, setForwarding] = useState<readonly Voicemail[]>([]);
  const [ending, setEnding] = useState<readonly Voicemail[]>([]);
  const { act, fault } = useDeeds();

  const items = data?.items ?? [];
  const chosen = items.filter((each) => picked.has(each.id));
  const pick = (ids: readonly string[], on: boolean) =>
    setPicked((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))));
  const doThis = (deed: Deed, messages: readonly Voicemail[]) => {
    if (deed === "forever") setEnding(messages);
    else act(deed, messages);
    if (deed === "delete" || deed === "restore") pick(messages.map((each) => each.id), false);
  };

  return (
    <>
      {fault !== undefined && (
        <div className="mb-3">
          <Notice tone="bad" alert>
            {faultWords(fault, t)}
          </Notice>
        </div>
      )}
      <section
        aria-label={t.media.voicemail.messages}
        aria-busy={isPlaceholderData}
        className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
      >
        {data === undefined ? (
          error === null ? (
            <Skeleton rows={4} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )
        ) : items.length === 0 ? (
          <EmptyState icon="voicemail" title={t.media.voicemail.none[folder ?? "all"]} help={t.media.voicemail.noneHelp} />
        ) : (
          <Fresh>
            <Bulk
              all={items}
              chosen={chosen}
              inBin={folder === "bin"}
              onAll={(on) => pick(items.map((each) => each.id), on)}
              onDeed={(deed) => doThis(deed, chosen)}
              onForward={() => setForwarding(chosen)}
            />
            <ul className="divide-y divide-line">
              {items.map((message) => (
                <MessageRow
                  key={message.id}
                  message={message}
                  boxName={mailbox === "" ? (boxes.find((box) => box.number === message.mailbox)?.name ?? message.mailbox) : ""}
                  open={message.id === open}
                  picked={picked.has(message.id)}
                  transcripts={transcripts}
                  onOpen={() => onOpen(message.id === open ? undefined : message.id)}
                  onPick={(on) => pick([message.id], on)}
                  onDeed={(deed) => doThis(deed, [message])}
                  onForward={() => setForwarding([message])}
                />
              ))}
            </ul>
          </Fresh>
        )}
      </section>
      {data !== undefined && data.total > VOICEMAIL_PAGE && (
        <Pager page={page} size={VOICEMAIL_PAGE} shown={items.length} total={data.total} onPage={onPage} />
      )}
      {forwarding.length > 0 && <ForwardDialog messages={forwarding} boxes={boxes} onClose={() => setForwarding([])} />}
      {ending.length > 0 && (
        <Confirm
          title={t.media.voicemail.foreverTitle(ending.length)}
          help={t.media.voicemail.foreverHelp}
          onClose={() => setEnding([])}
          cancel={
            <Button data-focus-first onClick={() => setEnding([])}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button
              look="danger"
              icon="trash"
              onClick={() => {
                act("forever", ending);
                setEnding([]);
              }}
            >
              {t.media.voicemail.deed.forever}
            </Button>
          }
        />
      )}
    </>
  );
}

const BACK: Partial<Readonly<Record<Deed, Deed>>> = { delete: "restore", save: "unsave" };

function useDeeds() {
  const say = useSay();
  const { mutate, error } = useMutation({
    mutationFn: ({ deed, messages }: { deed: Deed; messages: readonly Voicemail[] }) =>
      Promise.all(messages.map((message) => perform(deed, message.id))),
    onSettled: () => queryClient.invalidateQueries({ queryKey: VOICEMAIL }),
  });
  const act = (deed: Deed, messages: readonly Voicemail[]) =>
    mutate(
      { deed, messages },
      {
        onSuccess: () => {
          const back = BACK[deed];
          const words = t.media.voicemail.done[deed](messages.length);
          if (deed === "heard" || deed === "unheard") return;
          say(words, back === undefined ? undefined : { label: t.media.undo, run: () => act(back, messages) });
        },
      },
    );
  return { act, fault: error ?? undefined };
}

function perform(deed: Deed, id: string): Promise<unknown> {
  switch (deed) {
    case "heard":
      return patchVoicemail(id, { read: true });
    case "unheard":
      return patchVoicemail(id, { read: false });
    case "save":
      return patchVoicemail(id, { saved: true });
    case "unsave":
      return patchVoicemail(id, { saved: false });
    case "delete":
      return deleteVoicemail(id, false);
    case "restore":
      return patchVoicemail(id, { deleted: false });
    case "forever":
      return deleteVoicemail(id, true);
  }
}

interface BulkProps {
  readonly all: readonly Voicemail[];
  readonly chosen: readonly Voicemail[];
  readonly inBin: boolean;
  readonly onAll: (on: boolean) => void;
  readonly onDeed: (deed: Deed) => void;
  readonly onForward: () => void;
}

function Bulk({ all, chosen, inBin, onAll, onDeed, onForward }: BulkProps) {
  const deeds: readonly Deed[] = inBin ? ["restore", "forever"] : ["heard", "unheard", "save", "delete"];
  return (
    <div className="flex min-h-12 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line py-1.5 pr-3 pl-4 text-small">
      <label className="flex min-h-9 items-center gap-2.5 pr-2 text-soft">
        <input
          type="checkbox"
          checked={chosen.length > 0 && chosen.length === all.length}
          ref={(box) => {
            if (box !== null) box.indeterminate = chosen.length > 0 && chosen.length < all.length;
          }}
          onChange={(event) => onAll(event.target.checked)}
          className="size-4.5 accent-accent"
        />
        {chosen.length === 0 ? t.media.voicemail.chooseAll : t.media.voicemail.chosen(chosen.length)}
      </label>
      {chosen.length > 0 && (
        <>
          {deeds.map((deed) => (
            <Button key={deed} look="quiet" onClick={() => onDeed(deed)}>
              {t.media.voicemail.deed[deed]}
            </Button>
          ))}
          {!inBin && (
            <Button look="quiet" onClick={onForward}>
              {t.media.voicemail.forward}
            </Button>
          )}
        </>
      )}
    </div>
  );
}
