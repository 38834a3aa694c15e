/** A call that is not in front: in sight all the same, and one press away. */
import { formatTimer } from "../core/time.ts";
import { p } from "../text/phone.ts";
import { Icon } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";
import { nameOf } from "./CallStage.tsx";
import { desk } from "./desk.ts";
import { Face } from "./Person.tsx";
import { PhoneIcon } from "./PhoneIcon.tsx";
import type { CallCard } from "./protocol.ts";
import { ringing } from "./usePhone.ts";

interface StripProps {
  readonly call: CallCard;
  readonly onFront: () => void;
}

export function CallStrip({ call, onFront }: StripProps) {
  const now = useNow();
  const name = nameOf(call);
  const rings = ringing(call);
  const words =
    call.state === "ended" ? (call.cause === undefined ? p.call.ended : p.call.cause[call.cause])
    : rings ? p.call.incoming
    : call.state !== "talking" ? p.call.calling
    : call.joined ? p.call.joined
    : call.held ? p.call.held
    : call.heldThere ? p.call.heldThere
    : formatTimer(now - (call.answeredAt ?? now));
  return (
    <li data-strip={call.state} className={`arrive flex items-center gap-2 rounded-2xl border py-1.5 pr-2 pl-2 ${rings ? "border-good-line bg-good-soft" : "border-line bg-surface"}`}>
      <button type="button" onClick={onFront} className="flex min-h-11 min-w-0 flex-1 items-center gap-2.5 rounded-xl text-left">
        <Face name={name} ringing={rings} />
        <span className="min-w-0">
          <span className="block truncate font-medium">{name}</span>
          <span className="block truncate text-small text-soft tabular-nums">
            {words}
            {rings && call.info !== undefined && call.info.called_name !== "" && ` · ${call.info.called_name}`}
          </span>
        </span>
      </button>
      {rings && <Small tone="good" icon="phone" label={p.call.answer} onClick={() => desk.do({ do: "answer", id: call.id })} />}
      {call.state === "talking" && call.held && !call.joined && <Small tone="plain" icon="play" label={p.call.swap} onClick={() => desk.do({ do: "hold", id: call.id, on: false })} />}
      {call.state === "ended" ? (
        <Small tone="plain" icon="check" label={p.call.done} onClick={() => desk.do({ do: "forget", id: call.id })} />
      ) : (
        <Small tone="bad" icon="hangUp" label={rings ? p.call.decline : p.call.hangUp} onClick={() => desk.do({ do: "hangUp", id: call.id })} />
      )}
    </li>
  );
}

interface SmallProps {
  readonly tone: "good" | "bad" | "plain";
  readonly icon: "phone" | "play" | "check" | "hangUp";
  readonly label: string;
  readonly onClick: () => void;
}

const LOOKS = { good: "bg-good text-surface", bad: "bg-bad text-surface", plain: "border border-line bg-surface hover:bg-hover" } as const;

function Small({ tone, icon, label, onClick }: SmallProps) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick} className={`inline-flex size-10 shrink-0 items-center justify-center rounded-xl ${LOOKS[tone]}`}>
      {icon === "hangUp" ? <PhoneIcon name="hangUp" className="size-5" /> : <Icon name={icon} className="size-5" />}
    </button>
  );
}
