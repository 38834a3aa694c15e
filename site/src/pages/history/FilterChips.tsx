import { DISPOSITIONS } from "../../core/history.ts";
import { t } from "../../text/index.ts";

interface FilterChipsProps {
  readonly chosen: string | undefined;
  readonly onChoose: (show: string | undefined) => void;
}

/** Which calls to show, by how they came out. "Missed" is what nobody took, whatever the phones said. */
export function FilterChips({ chosen, onChoose }: FilterChipsProps) {
  const choices = [undefined, "answered", "missed", ...DISPOSITIONS.filter((each) => each !== "answered")];
  return (
    <div role="group" aria-label={t.history.filter} className="-mx-4 flex gap-1.5 overflow-x-auto px-4 py-1 sm:mx-0 sm:flex-wrap sm:px-0">
      {choices.map((choice) => (
        <button
          key={choice ?? "all"}
          type="button"
          aria-pressed={choice === chosen}
          onClick={() => onChoose(choice)}
          className="min-h-9 rounded-full border border-line bg-surface px-3 text-small whitespace-nowrap text-soft transition-colors hover:border-line-strong hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-8"
        >
          {choice === undefined ? t.history.all : choice === "missed" ? t.media.history.missed : t.history.disposition[choice]}
        </button>
      ))}
    </div>
  );
}
