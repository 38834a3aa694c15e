import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { queryClient } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { forwardVoicemail, VOICEMAIL } from "../../media/queries.ts";
import type { MailboxState, Voicemail } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";

interface ForwardDialogProps {
  readonly messages: readonly Voicemail[];
  readonly boxes: readonly MailboxState[];
  readonly onClose: () => void;
}

/** Where copies of messages go. They stay where they are. */
export function ForwardDialog({ messages, boxes, onClose }: ForwardDialogProps) {
  const id = useId();
  const say = useSay();
  const others = boxes.filter((box) => messages.some((message) => message.mailbox !== box.number));
  const [to, setTo] = useState(others[0]?.number ?? "");
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => Promise.all(messages.map((message) => forwardVoicemail(message.id, to))),
    onSuccess: () => {
      say(t.media.voicemail.forwarded(boxes.find((box) => box.number === to)?.name ?? to));
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: VOICEMAIL }),
  });
  return (
    <Dialog label={t.media.voicemail.forwardTitle(messages.length)} onClose={onClose}>
      <form
        className="flex flex-col gap-4 p-6"
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <h2 className="text-lead font-semibold">{t.media.voicemail.forwardTitle(messages.length)}</h2>
        {others.length === 0 ? (
          <p className="text-soft">{t.media.voicemail.noOtherBox}</p>
        ) : (
          <div className="flex flex-col gap-1.5">
            <label htmlFor={id} className="font-medium">
              {t.media.voicemail.forwardTo}
            </label>
            <select
              id={id}
              data-focus-first
              value={to}
              onChange={(event) => setTo(event.target.value)}
              className="min-h-11 rounded-lg border border-line-strong/60 bg-surface px-3 md:min-h-10"
            >
              {others.map((box) => (
                <option key={box.number} value={box.number}>
                  {box.name} · {box.number}
                </option>
              ))}
            </select>
            <p className="text-small text-faint">{t.media.voicemail.forwardHelp}</p>
          </div>
        )}
        {error !== null && (
          <Notice tone="bad" alert>
            {faultWords(error, t)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="primary" type="submit" busy={isPending} disabled={to === ""}>
            {t.media.voicemail.forward}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
