/** Yours and theirs side by side: each field is taken or kept. */
import { use, useState } from "react";
import { loadForm } from "../forms/load.ts";
import type { Data } from "../forms/json.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { differences, resolved, suggestion, type Difference, type Whose } from "./conflict.ts";
import { valueText } from "./valueText.ts";

interface ConflictViewProps {
  readonly write: string;
  readonly base: Data;
  readonly mine: Data;
  readonly theirs: Data;
  readonly busy: boolean;
  readonly onSave: (record: Data) => void;
  readonly onTakeTheirs: () => void;
  readonly onBack: () => void;
}

export function ConflictView({ write, base, mine, theirs, busy, onSave, onTakeTheirs, onBack }: ConflictViewProps) {
  const { schema } = use(loadForm(write, undefined));
  const found = differences(Object.keys(schema.properties ?? {}), base, mine, theirs);
  const [chosen, setChosen] = useState(() => suggestion(found));
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="warn" alert>
        <p className="font-semibold">{t.records.conflict.title}</p>
        <p>{found.length === 0 ? t.records.conflict.nothing : t.records.conflict.help}</p>
      </Notice>
      {found.map((each) => {
        const property = schema.properties?.[each.field];
        return (
          <Choice
            key={each.field}
            difference={each}
            title={property?.title ?? each.field}
            words={(value) => valueText(property, each.field, value, t)}
            chosen={chosen[each.field] ?? "mine"}
            onChoose={(whose) => setChosen({ ...chosen, [each.field]: whose })}
          />
        );
      })}
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="quiet" onClick={onBack}>
          {t.records.conflict.back}
        </Button>
        <Button onClick={onTakeTheirs}>{t.records.conflict.takeTheirs}</Button>
        <Button look="primary" busy={busy} onClick={() => onSave(resolved(mine, theirs, chosen))}>
          {t.records.conflict.save}
        </Button>
      </div>
    </div>
  );
}

interface ChoiceProps {
  readonly difference: Difference;
  readonly title: string;
  readonly words: (value: unknown) => string;
  readonly chosen: Whose;
  readonly onChoose: (whose: Whose) => void;
}

function Choice({ difference, title, words, chosen, onChoose }: ChoiceProps) {
  const { field, base, mine, theirs, changedBy } = difference;
  const who = { mine: t.records.conflict.onlyMine, theirs: t.records.conflict.onlyTheirs, both: t.records.conflict.both }[changedBy];
  return (
    <fieldset className="rounded-xl border border-line p-3">
      <legend className="px-1 font-medium">
        {title} <span className={changedBy === "both" ? "text-warn" : "text-faint"}>({who})</span>
      </legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {(["mine", "theirs"] as const).map((whose) => (
          <label
            key={whose}
            className={`flex cursor-pointer items-start gap-2.5 rounded-lg border px-3 py-2 ${chosen === whose ? "border-accent bg-accent-soft" : "border-line hover:bg-hover"}`}
          >
            <input type="radio" name={`conflict ${field}`} checked={chosen === whose} onChange={() => onChoose(whose)} className="mt-1 accent-accent" />
            <span className="min-w-0">
              <span className="block text-small text-soft">{t.records.conflict[whose]}</span>
              <span className="block break-words">{words(whose === "mine" ? mine : theirs)}</span>
            </span>
          </label>
        ))}
      </div>
      <p className="mt-1.5 text-small break-words text-faint">{t.records.conflict.was(words(base))}</p>
    </fieldset>
  );
}
