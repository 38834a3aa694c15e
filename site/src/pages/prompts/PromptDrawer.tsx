/** One prompt: its sound, the text that is spoken without one, and the way out. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { request } from "../../api/client.ts";
import { queryClient } from "../../api/queries.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { formatFull, formatTimer } from "../../core/time.ts";
import { Player } from "../../media/Player.tsx";
import { deletePromptAudio, promptAudioPath, PROMPTS, speak } from "../../media/queries.ts";
import { SoundMaker } from "../../media/SoundMaker.tsx";
import { kindNamed } from "../../office/kinds.ts";
import { UsedIn } from "../../records/UsedIn.tsx";
import type { Prompt, PromptAudio } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { useSay } from "../../ui/toasts.tsx";

/** What the node takes (`LONGEST_S`, `LARGEST_BYTES`). */
const MOST_S = 600;
const MOST_MB = 64;
const renew = () => queryClient.invalidateQueries({ queryKey: PROMPTS });

interface PromptDrawerProps {
  readonly prompt: Prompt;
  readonly audio: PromptAudio | undefined;
  readonly onClose: () => void;
}

export function PromptDrawer({ prompt, audio, onClose }: PromptDrawerProps) {
  return (
    <Dialog shape="side" label={prompt.name} onClose={onClose}>
      <DrawerHead title={prompt.name} lead={<code className="font-mono text-small">{prompt.id}</code>} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <SoundSection prompt={prompt} audio={audio} />
        <TextSection prompt={prompt} recorded={audio !== undefined} />
        <Section title={t.media.prompts.usedIn}>
          <UsedIn kind={kindNamed("prompt")} recordKey={prompt.id} />
        </Section>
        <Section title={t.media.prompts.more}>
          <div className="flex flex-col items-start gap-4">
            <Link to="/records/$kind" params={{ kind: "prompt" }} search={{ open: prompt.id }} className="font-medium text-accent hover:underline">
              {t.media.prompts.allSettings}
            </Link>
            <DeletePrompt prompt={prompt} onGone={onClose} />
          </div>
        </Section>
      </div>
    </Dialog>
  );
}

function SoundSection({ prompt, audio }: Pick<PromptDrawerProps, "prompt" | "audio">) {
  const say = useSay();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => deletePromptAudio(prompt.id),
    onSuccess: () => say(t.media.prompts.soundDeleted),
    onSettled: renew,
  });
  return (
    <Section title={t.media.prompts.sound}>
      <div className="flex flex-col gap-4">
        {audio === undefined ? (
          <p className="text-small text-faint">{prompt.text === "" ? t.media.prompts.silentHelp : t.media.prompts.spokenHelp}</p>
        ) : (
          <>
            <Player
              key={audio.made_at}
              source={{ path: promptAudioPath(prompt.id) }}
              label={prompt.name}
              durationS={audio.seconds}
              download={prompt.id}
            />
            <p className="text-small text-faint">
              {[audio.original, audio.by, formatFull(audio.made_at, t.locale), formatTimer(Math.round(audio.seconds) * 1000)]
                .filter((each) => each !== "")
                .join(" · ")}
            </p>
            <Button icon="trash" className="self-start" busy={isPending} onClick={() => mutate()}>
              {t.media.prompts.deleteSound}
            </Button>
          </>
        )}
        {error !== null && (
          <Notice tone="bad" alert>
            {faultWords(error, t)}
          </Notice>
        )}
        <SoundMaker
          path={promptAudioPath(prompt.id)}
          mostS={MOST_S}
          mostMb={MOST_MB}
          onDone={() => {
            say(audio === undefined ? t.media.prompts.soundSaved : t.media.prompts.soundReplaced);
            void renew();
          }}
        />
      </div>
    </Section>
  );
}

function TextSection({ prompt, recorded }: { readonly prompt: Prompt; readonly recorded: boolean }) {
  const id = useId();
  const say = useSay();
  const [text, setText] = useState(prompt.text);
  const [language, setLanguage] = useState(prompt.language);
  const [heard, setHeard] = useState<{ readonly blob: Blob; readonly count: number }>();
  const preview = useMutation({
    mutationFn: () => speak(text, language),
    onSuccess: (blob) => setHeard((before) => ({ blob, count: (before?.count ?? 0) + 1 })),
  });
  const save = useMutation({
    mutationFn: () => request<Prompt>(`/prompts/${prompt.id}`, { method: "PATCH", body: { text: text.trim(), language } }),
    onSuccess: () => say(t.media.prompts.textSaved),
    onSettled: renew,
  });
  const fault = preview.error ?? save.error;
  const changed = text.trim() !== prompt.text || language !== prompt.language;
  return (
    <Section title={t.media.prompts.text}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <div className="flex flex-col gap-1.5">
          <label htmlFor={id} className="font-medium">
            {t.media.prompts.textLabel}
          </label>
          <textarea
            id={id}
            rows={4}
            maxLength={1000}
            value={text}
            aria-describedby={`${id}-note`}
            onChange={(event) => setText(event.target.value)}
            className="min-h-24 rounded-lg border border-line-strong/60 bg-surface px-3 py-2 text-lead hover:border-line-strong md:text-body"
          />
          <p id={`${id}-note`} className="text-small text-faint">
            {recorded ? t.media.prompts.textUnused : t.media.prompts.textHelp}
          </p>
        </div>
        <Field
          label={t.media.prompts.language}
          help={t.media.prompts.languageHelp}
          value={language}
          maxLength={20}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setLanguage(event.target.value)}
        />
        {heard !== undefined && (
          <Player key={heard.count} source={{ blob: heard.blob }} label={t.media.prompts.previewOf} playAtOnce />
        )}
        {fault !== null && (
          <Notice tone="bad" alert>
            {faultWords(fault, t)}
          </Notice>
        )}
        <div className="flex flex-wrap gap-2">
          <Button icon="play" busy={preview.isPending} disabled={text.trim() === ""} onClick={() => preview.mutate()}>
            {t.media.prompts.preview}
          </Button>
          <Button look="primary" type="submit" busy={save.isPending} disabled={!changed}>
            {t.common.save}
          </Button>
        </div>
      </form>
    </Section>
  );
}

/** Asks once; where something still uses it, says what, and asks again. */
function DeletePrompt({ prompt, onGone }: { readonly prompt: Prompt; readonly onGone: () => void }) {
  const say = useSay();
  const [asking, setAsking] = useState(false);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (force: boolean) =>
      request<undefined>(`/prompts/${prompt.id}`, { method: "DELETE", query: force ? { force: "true" } : {} }),
    onSuccess: async () => {
      await renew();
      say(t.media.prompts.deleted);
      onGone();
    },
  });
  const users = error instanceof RequestFault && error.status === 409 ? error.errors : [];
  const close = () => {
    setAsking(false);
    reset();
  };
  return (
    <>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        {t.media.prompts.delete}
      </Button>
      {asking && (
        <Dialog label={t.media.prompts.deleteTitle(prompt.name)} onClose={close}>
          <div className="flex flex-col gap-3 p-6">
            <h2 className="text-lead font-semibold">{t.media.prompts.deleteTitle(prompt.name)}</h2>
            <p className="text-pretty text-soft">{t.media.prompts.deleteHelp}</p>
            {users.length > 0 && (
              <Notice tone="warn" alert>
                <p className="font-medium">{t.media.prompts.inUse}</p>
                <ul className="mt-1 list-disc pl-5">
                  {users.map((each) => (
                    <li key={each.path}>{each.message}</li>
                  ))}
                </ul>
              </Notice>
            )}
            {error !== null && users.length === 0 && (
              <Notice tone="bad" alert>
                {faultWords(error, t)}
              </Notice>
            )}
            <div className="mt-2 flex flex-wrap justify-end gap-2">
              <Button data-focus-first onClick={close}>
                {t.common.cancel}
              </Button>
              <Button look="danger" icon="trash" busy={isPending} onClick={() => mutate(users.length > 0)}>
                {users.length > 0 ? t.media.prompts.deleteForce : t.common.delete}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
