/** A text to somebody who may never have written. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { faultsByField } from "../../core/problem.ts";
import { readable } from "../../core/outside.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { numbersQuery } from "../../edge/numbers.ts";
import { SegmentCount } from "../../edge/SegmentCount.tsx";
import { TextArea } from "../../edge/TextArea.tsx";
import { CONVERSATIONS, sendText, type Pair } from "../../edge/texts.ts";
import { plainNumber } from "../../forms/phoneNumber.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";

interface NewTextProps {
  readonly onClose: () => void;
  readonly onSent: (pair: Pair) => void;
}

export function NewText({ onClose, onSent }: NewTextProps) {
  const [to, setTo] = useState("");
  const [from, setFrom] = useState("");
  const [text, setText] = useState("");
  // Pressed twice, or sent again after the line broke, it is one text.
  const [id] = useState(() => crypto.randomUUID());
  const client = useQueryClient();
  const { data } = useQuery({ ...numbersQuery({}), enabled: useMay("numbers:read") });
  const numbers = data?.items.filter((each) => each.sms) ?? [];
  const send = useMutation({
    mutationFn: () => sendText({ to: plainNumber(to), text: text.trim(), from: from === "" ? null : from, id }),
    onSuccess: async (sent) => {
      await client.invalidateQueries({ queryKey: CONVERSATIONS });
      onSent({ from: sent.to, to: sent.from });
    },
  });
  const faults = faultsByField(send.error);
  const atFields = Object.keys(faults).some((each) => each === "to" || each === "text");
  return (
    <Dialog label={e.texts.write} onClose={onClose}>
      <DrawerHead title={e.texts.write} onClose={onClose} />
      <form
        className="flex flex-col gap-4 overflow-y-auto p-5"
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Field label={e.texts.to} help={e.texts.toHelp} fault={faults["to"]} type="tel" required value={to} onChange={(event) => setTo(event.target.value)} data-focus-first />
        {numbers.length > 1 && (
          <Select
            label={e.texts.from}
            value={from}
            onChoose={setFrom}
            options={[["", e.texts.fromAny], ...numbers.map((each) => [each.number, readable(each.number)] as const)]}
          />
        )}
        <TextArea label={e.texts.text} fault={faults["text"]} rows={4} maxLength={1600} required value={text} onChange={(event) => setText(event.target.value)} />
        <SegmentCount text={text} />
        {send.error !== null && !atFields && (
          <Notice tone="bad" alert>
            {edgeFaultWords(send.error)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" busy={send.isPending} disabled={to.trim() === "" || text.trim() === ""}>
            {e.texts.send}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
