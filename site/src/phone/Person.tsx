/** People in lists: a face of two letters with their presence, and what can be done with a press. */
import { p } from "../text/phone.ts";
import { StatusShape } from "../ui/StatusMark.tsx";
import { initials, TONES, type Presence } from "./contacts.ts";

interface FaceProps {
  readonly name: string;
  readonly presence?: Presence | undefined;
  readonly large?: boolean;
  readonly ringing?: boolean;
}

const COLOURS = { good: "text-good-line", warn: "text-warn-line", bad: "text-bad-line", plain: "text-faint", live: "text-accent" } as const;

export function Face({ name, presence, large = false, ringing = false }: FaceProps) {
  return (
    <span aria-hidden="true" className="relative inline-flex shrink-0">
      {ringing && <span className="phone-pulse absolute inset-0 rounded-full bg-good-line/40" />}
      <span
        className={`relative inline-flex items-center justify-center rounded-full bg-accent-soft font-semibold text-accent ${large ? "size-20 text-[1.6rem]" : "size-10 text-small"}`}
      >
        {initials(name)}
      </span>
      {presence !== undefined && (
        <span className={`absolute -right-0.5 -bottom-0.5 rounded-full bg-surface p-0.5 ${COLOURS[TONES[presence]]}`}>
          <StatusShape tone={TONES[presence]} className="size-3" />
        </span>
      )}
    </span>
  );
}

export function PresenceWord({ presence }: { readonly presence: Presence }) {
  return <span>{p.people.state[presence]}</span>;
}
