/** Finer filters of the history. All of them stand in the address, so that a link carries them. */
import type { ReactNode } from "react";
import { useId } from "react";
import { useDirectory } from "../../live/useLive.ts";
import type { Change } from "../../core/address.ts";
import type { HistorySearch } from "../../router.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

interface FiltersProps {
  readonly search: HistorySearch;
  readonly onChange: (change: Change<HistorySearch>) => void;
}

/** All finer filters, taken out. */
export const UNFILTERED = { direction: undefined, extension: undefined, queue: undefined, flow: undefined, from: undefined, to: undefined, talk: undefined } satisfies Change<HistorySearch>;
const BOX = "min-h-10 w-full min-w-0 rounded-lg border border-line-strong/60 bg-surface px-2.5 hover:border-line-strong md:min-h-9";
const TALKS = [10, 30, 60, 300, 900] as const;

export function Filters({ search, onChange }: FiltersProps) {
  const directory = useDirectory();
  const set = <K extends keyof HistorySearch>(name: K, value: HistorySearch[K] | "") => onChange({ [name]: value === "" ? undefined : value });
  const people = [...directory.values()].sort((one, other) => one.number.localeCompare(other.number));
  return (
    <div className="mb-3 grid grid-cols-2 gap-3 rounded-2xl border border-line bg-surface p-4 md:grid-cols-4">
      <Labelled label={t.media.history.direction}>
        {(id) => (
          <select id={id} className={BOX} value={search.direction ?? ""} onChange={(event) => set("direction", event.target.value)}>
            <option value="">{t.history.all}</option>
            {Object.entries(t.media.history.directions).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label={t.media.history.extension}>
        {(id) => (
          <select id={id} className={BOX} value={search.extension ?? ""} onChange={(event) => set("extension", event.target.value)}>
            <option value="">{t.history.all}</option>
            {people.map((each) => (
              <option key={each.number} value={each.number}>
                {each.number} {each.name}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label={t.media.history.queue}>
        {(id) => <Digits id={id} value={search.queue ?? ""} onChange={(value) => set("queue", value)} />}
      </Labelled>
      <Labelled label={t.media.history.flow}>
        {(id) => <Digits id={id} value={search.flow ?? ""} onChange={(value) => set("flow", value)} />}
      </Labelled>
      <Labelled label={t.media.history.from}>
        {(id) => <input id={id} type="date" className={BOX} value={search.from ?? ""} max={search.to} onChange={(event) => set("from", event.target.value)} />}
      </Labelled>
      <Labelled label={t.media.history.to}>
        {(id) => <input id={id} type="date" className={BOX} value={search.to ?? ""} min={search.from} onChange={(event) => set("to", event.target.value)} />}
      </Labelled>
      <Labelled label={t.media.history.talk}>
        {(id) => (
          <select id={id} className={BOX} value={search.talk ?? ""} onChange={(event) => set("talk", event.target.value === "" ? "" : Number(event.target.value))}>
            <option value="">{t.media.history.anyTalk}</option>
            {TALKS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {t.media.history.talkOver(seconds)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <div className="flex items-end">
        <Button look="quiet" onClick={() => onChange(UNFILTERED)}>
          {t.media.history.resetFilters}
        </Button>
      </div>
    </div>
  );
}

function Digits({ id, value, onChange }: { readonly id: string; readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <input
      id={id}
      inputMode="numeric"
      autoComplete="off"
      className={`${BOX} tabular-nums`}
      value={value}
      maxLength={10}
      placeholder={t.media.history.anyNumber}
      onChange={(event) => onChange(event.target.value.replace(/\D/g, ""))}
    />
  );
}

function Labelled({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-small text-faint">
        {label}
      </label>
      {children(id)}
    </div>
  );
}
