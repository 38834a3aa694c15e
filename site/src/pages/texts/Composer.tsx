/** The box to answer in: a text, or a note that only the office reads. Enter sends, Shift and Enter begins a line. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type RefObject } from "react";
import { RequestFault } from "../../core/problem.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { SegmentCount } from "../../edge/SegmentCount.tsx";
import { TextArea } from "../../edge/TextArea.tsx";
import { addNote, CONVERSATIONS, reply, sayTyping, uploadMedia } from "../../edge/texts.ts";
import type { ConversationDetail } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { TemplatePicker } from "./TemplatePicker.tsx";

const TYPING_EVERY_MS = 8000;

interface ComposerProps {
  readonly detail: ConversationDetail;
  readonly composer: RefObject<HTMLTextAreaElement | null>;
}

export function Composer({ detail, composer }: ComposerProps) {
  const { conversation } = detail;
  const [text, setText] = useState("");
  const [note, setNote] = useState(false);
  const [pictures, setPictures] = useState<readonly { readonly id: string; readonly name: string }[]>([]);
  const [overtaken, setOvertaken] = useState("");
  const client = useQueryClient();
  const typing = useTyping(conversation, !note && text !== "");
  const seen = conversation.last_id;
  const locked = conversation.opted_out && !note;

  const send = useMutation({
    mutationFn: async ({ anyway }: { readonly anyway: boolean }) => {
      const words = text.trim();
      if (note) return addNote(conversation, words);
      const { from, to } = conversation;
      return reply({ from, to, text: words, seen, anyway, media: pictures.map((each) => each.id) });
    },
    onSuccess: () => {
      setText("");
      setPictures([]);
      setOvertaken("");
      typing.stop();
      composer.current?.focus();
    },
    onError: (fault) => {
      if (fault instanceof RequestFault && fault.status === 409 && !conversation.opted_out) setOvertaken(fault.detail);
    },
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
  });
  const ready = (text.trim() !== "" || (!note && pictures.length > 0)) && !locked && !send.isPending;
  const go = (anyway = false) => {
    if (ready) send.mutate({ anyway });
  };

  return (
    <form
      data-composer
      className="border-t border-line px-3 py-3 sm:px-4"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <div className="mb-2 flex flex-wrap items-center gap-1">
        <div role="group" aria-label={e.texts.composeAs} className="flex gap-1">
          <Choice chosen={!note} onClick={() => setNote(false)}>
            {e.texts.reply}
          </Choice>
          <Choice chosen={note} onClick={() => setNote(true)}>
            {e.texts.note}
          </Choice>
        </div>
        <span className="flex-1" />
        {!note && (
          <>
            <TemplatePicker onPick={(words) => setText((before) => (before === "" ? words : `${before} ${words}`))} />
            <AttachButton onAttached={(picture) => setPictures((before) => [...before, picture])} />
          </>
        )}
      </div>
      {locked ? (
        <Notice tone="warn">{e.texts.optedOutHelp}</Notice>
      ) : (
        <div className="flex items-end gap-2">
          <TextArea
            ref={composer}
            label={note ? e.texts.note : e.texts.reply}
            labelHidden
            rows={2}
            maxLength={note ? 4000 : 1600}
            value={text}
            placeholder={note ? e.texts.notePlaceholder : e.texts.replyPlaceholder}
            className={`max-h-48 resize-y ${note ? "bg-warn-soft" : ""}`}
            onChange={(event) => {
              setText(event.target.value);
              typing.touch();
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              go();
            }}
          />
          <Button type="submit" look="primary" busy={send.isPending} disabled={!ready}>
            {note ? e.texts.addNote : e.texts.send}
          </Button>
        </div>
      )}
      {pictures.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-2">
          {pictures.map((each) => (
            <li key={each.id} className="flex items-center gap-1 rounded-lg bg-sunken pl-3 text-small">
              {each.name}
              <IconButton icon="close" label={e.texts.removePicture(each.name)} onClick={() => setPictures((before) => before.filter((one) => one.id !== each.id))} />
            </li>
          ))}
        </ul>
      )}
      {!note && !locked && (
        <div className="mt-1.5 flex flex-wrap justify-between gap-x-4">
          <SegmentCount text={text} />
          {conversation.mode === "ai" && <p className="text-small text-faint">{e.texts.replyTakesOver}</p>}
        </div>
      )}
      {send.error !== null && overtaken === "" && (
        <div className="mt-2">
          <Notice tone="bad" alert>
            {edgeFaultWords(send.error)}
          </Notice>
        </div>
      )}
      {overtaken !== "" && (
        <Confirm
          title={e.texts.overtaken}
          help={overtaken}
          onClose={() => setOvertaken("")}
          cancel={
            <Button data-focus-first onClick={() => setOvertaken("")}>
              {e.texts.readFirst}
            </Button>
          }
          confirm={
            <Button look="primary" busy={send.isPending} onClick={() => go(true)}>
              {e.texts.sendAnyway}
            </Button>
          }
        />
      )}
    </form>
  );
}

function Choice({ chosen, onClick, children }: { readonly chosen: boolean; readonly onClick: () => void; readonly children: string }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onClick}
      className="min-h-9 rounded-lg px-3 text-small text-soft hover:bg-hover aria-pressed:bg-sunken aria-pressed:font-medium aria-pressed:text-ink md:min-h-8"
    >
      {children}
    </button>
  );
}

function AttachButton({ onAttached }: { readonly onAttached: (picture: { readonly id: string; readonly name: string }) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const attach = useMutation({ mutationFn: uploadMedia, onSuccess: ({ id }, file) => onAttached({ id, name: file.name }) });
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/gif"
        hidden
        aria-label={e.texts.attach}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file !== undefined) attach.mutate(file);
          event.target.value = "";
        }}
      />
      <Button look="quiet" icon="upload" busy={attach.isPending} onClick={() => input.current?.click()}>
        <span className="max-sm:sr-only">{e.texts.attach}</span>
      </Button>
      {attach.error !== null && (
        <span role="alert" className="text-small text-bad">
          {edgeFaultWords(attach.error)}
        </span>
      )}
    </>
  );
}

/** Tells the others, now and then while somebody writes, and when they stop. */
function useTyping(pair: { readonly from: string; readonly to: string }, writing: boolean) {
  const told = useRef(0);
  const { from, to } = pair;
  const stop = () => {
    if (told.current === 0) return;
    told.current = 0;
    sayTyping({ from, to }, false).catch(() => undefined);
  };
  const latest = useRef(stop);
  useEffect(() => {
    latest.current = stop;
  });
  useEffect(() => {
    if (!writing) latest.current();
  }, [writing]);
  useEffect(() => () => latest.current(), []);
  return {
    stop,
    touch: () => {
      if (Date.now() - told.current < TYPING_EVERY_MS) return;
      told.current = Date.now();
      sayTyping({ from, to }, true).catch(() => undefined);
    },
  };
}
