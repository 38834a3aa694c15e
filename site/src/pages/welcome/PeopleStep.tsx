import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { createExtension } from "../../api/queries.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { draftRows, MOST_PEOPLE, twice, type Draft } from "../../core/welcome.ts";
import { useLive } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StepFrame } from "./StepFrame.tsx";

/** Who gets a phone. What is created stays created; a row that fails says why and can be sent again. */
export function PeopleStep({ onNext }: { readonly onNext: () => void }) {
  const { data } = useLive();
  if (data === undefined) return <Skeleton rows={5} />;
  return <PeopleForm present={[...data.extensions.values()]} onNext={onNext} />;
}

interface PeopleFormProps {
  readonly present: readonly { readonly number: string; readonly name: string }[];
  readonly onNext: () => void;
}

function PeopleForm({ present, onNext }: PeopleFormProps) {
  const taken = new Set(present.map(({ number }) => number));
  const [first, setFirst] = useState("101");
  const [rows, setRows] = useState<readonly Draft[]>(() => draftRows(present.length === 0 ? 3 : 0, "101", taken, []));
  const [faults, setFaults] = useState<readonly string[]>([]);
  const creation = useMutation({
    mutationFn: async () => {
      const wrong: { readonly row: Draft; readonly why: string }[] = [];
      const again = twice(rows);
      for (const [index, row] of rows.entries()) {
        const { number, name } = row;
        if (again.has(index)) {
          wrong.push({ row, why: t.form.taken });
          continue;
        }
        // One after the other: a refused number must not take the others with it.
        await createExtension({ number, name: name.trim() || t.admin.welcome.unnamed(number) }).catch((fault: unknown) => {
          if (!(fault instanceof RequestFault) || fault.unreachable) throw fault;
          wrong.push({ row, why: fault.status === 409 ? t.form.taken : faultWords(fault, t) });
        });
      }
      return wrong;
    },
    onSuccess: (wrong) => {
      setFaults(wrong.map(({ why }) => why));
      setRows(wrong.map(({ row }) => row));
      if (wrong.length === 0) onNext();
    },
  });
  const reshape = (count: number, from: string) => {
    setFaults([]);
    setRows(draftRows(count, from, taken, rows));
  };
  const change = (index: number, next: Partial<Draft>) =>
    setRows(rows.map((row, at) => (at === index ? { ...row, ...next } : row)));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (rows.length === 0) onNext();
    else creation.mutate();
  };
  return (
    <form onSubmit={submit}>
      <StepFrame
        title={t.admin.welcome.peopleTitle}
        help={t.admin.welcome.peopleHelp}
        onSkip={onNext}
        next={
          <Button type="submit" look="primary" busy={creation.isPending}>
            {rows.length === 0 ? t.admin.welcome.next : t.admin.welcome.createPeople(rows.length)}
          </Button>
        }
      >
        {present.length > 0 && (
          <p className="text-soft">
            {t.admin.welcome.present(present.length)}{" "}
            <span className="text-faint">
              {present.slice(0, 8).map(({ number, name }) => `${number} ${name}`).join(", ")}
              {present.length > 8 ? " …" : ""}
            </span>
          </p>
        )}
        <div className="flex flex-wrap gap-4">
          <Field
            narrow
            label={t.admin.welcome.howMany}
            name="count"
            type="number"
            min={0}
            max={MOST_PEOPLE}
            value={String(rows.length)}
            onChange={(event) => reshape(Number(event.target.value) || 0, first)}
          />
          <Field
            narrow
            label={t.admin.welcome.firstNumber}
            name="first"
            inputMode="numeric"
            maxLength={9}
            value={first}
            onChange={(event) => {
              setFirst(event.target.value);
              reshape(rows.length, event.target.value);
            }}
          />
        </div>
        <ul className="flex flex-col gap-2">
          {rows.map((row, index) => (
            <li key={index} className="grid grid-cols-[5.5rem_minmax(0,1fr)] items-start gap-2">
              <Field
                label={t.admin.welcome.numberOf(index + 1)}
                name={`number-${index}`}
                inputMode="numeric"
                maxLength={10}
                fault={faults[index]}
                value={row.number}
                onChange={(event) => change(index, { number: event.target.value })}
              />
              <Field
                label={t.admin.welcome.nameOf(index + 1)}
                name={`name-${index}`}
                maxLength={80}
                autoComplete="off"
                value={row.name}
                onChange={(event) => change(index, { name: event.target.value })}
              />
            </li>
          ))}
        </ul>
        {creation.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(creation.error, t)}
          </Notice>
        )}
      </StepFrame>
    </form>
  );
}
