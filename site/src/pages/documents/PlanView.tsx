/** What documents would change, kind by kind, or why they cannot be applied. */
import type { DocumentPlan, PlanSection } from "../../schema.gen.ts";
import { KINDS } from "../../office/kinds.ts";
import { t } from "../../text/index.ts";
import { FaultList } from "./FaultList.tsx";

const SHOWN = 12;

export function PlanView({ plan }: { readonly plan: DocumentPlan }) {
  const words = t.documents.apply;
  const { faults } = plan;
  if (faults.length > 0) {
    return (
      <div className="flex flex-col gap-2" role="alert">
        <p className="font-medium text-bad">{words.faults}</p>
        <FaultList faults={faults} />
      </div>
    );
  }
  if (plan.changes === 0) return <p className="text-soft">{words.nothing}</p>;
  const flows = [
    { word: words.publish, tone: "text-good", keys: plan.publish },
    { word: words.unpublish, tone: "text-warn", keys: plan.unpublish },
  ].filter((each) => each.keys.length > 0);
  return (
    <ul className="flex flex-col divide-y divide-line">
      {plan.sections.filter(isTouched).map((section) => (
        <SectionRow key={section.kind} section={section} />
      ))}
      {flows.length > 0 && (
        <li className="py-2.5">
          <p className="font-medium">{words.flows}</p>
          {flows.map((each) => (
            <Keys key={each.word} word={each.word} tone={each.tone} keys={each.keys} />
          ))}
        </li>
      )}
    </ul>
  );
}

function SectionRow({ section }: { readonly section: PlanSection }) {
  const words = t.documents.apply;
  const kept = section.kept.length;
  const unchanged = section.unchanged.length;
  const rest = [unchanged > 0 ? words.unchanged(unchanged) : "", kept > 0 ? words.kept(kept) : ""].filter(Boolean);
  return (
    <li className="py-2.5">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">{titleOf(section.kind)}</span>
        <span className="text-small text-faint">{rest.join(" · ")}</span>
      </p>
      <Keys word={words.create} tone="text-good" keys={section.create} />
      <Keys
        word={words.change}
        tone="text-accent"
        keys={section.change.map((each) => `${each.key} (${each.fields.join(", ")})`)}
      />
      <Keys word={words.remove} tone="text-bad" keys={section.remove} />
    </li>
  );
}

function Keys({ word, tone, keys }: { readonly word: string; readonly tone: string; readonly keys: readonly string[] }) {
  if (keys.length === 0) return null;
  const more = keys.length - SHOWN;
  return (
    <p className="text-small text-pretty">
      <span className={`font-medium ${tone}`}>{word}: </span>
      {keys.slice(0, SHOWN).join(", ")}
      {more > 0 && ` ${t.documents.apply.faultsMore(more)}`}
    </p>
  );
}

export function titleOf(name: string): string {
  return t.records.kinds[name]?.title ?? KINDS.find((each) => each.name === name)?.title ?? name;
}

function isTouched(section: PlanSection): boolean {
  return [section.create, section.change, section.remove].some((each) => each.length > 0);
}
