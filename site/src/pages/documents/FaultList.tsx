/** Faults with the places they are at. */
import { adviceOf, sentence } from "../../core/problem.ts";
import { t } from "../../text/index.ts";

interface Fault {
  readonly path: string;
  readonly message: string;
  readonly needed?: string | null;
  readonly action?: string | null;
}

const SHOWN = 20;

export function FaultList({ faults }: { readonly faults: readonly Fault[] }) {
  return (
    <ul className="flex flex-col gap-1.5">
      {faults.slice(0, SHOWN).map((each, index) => (
        <li key={`${each.path} ${index}`} className="min-w-0 text-small text-pretty">
          <code className="mr-2 rounded bg-sunken px-1.5 py-0.5 break-all">{each.path}</code>
          {sentence(adviceOf({ ...each }, (english) => t.records.schema[english] ?? english))}
        </li>
      ))}
      {faults.length > SHOWN && <li className="text-small text-soft">{t.documents.apply.faultsMore(faults.length - SHOWN)}</li>}
    </ul>
  );
}
