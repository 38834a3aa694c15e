/** The parking slots with their lamps: park into a free one, fetch from one that is taken. */
import { useQuery } from "@tanstack/react-query";
import { formatTimer } from "../core/time.ts";
import type { ParkedCall } from "../schema.gen.ts";
import { p } from "../text/phone.ts";
import { useNow } from "../ui/now.ts";
import { StatusShape } from "../ui/StatusMark.tsx";
import { usePeople } from "./contacts.ts";
import { desk } from "./desk.ts";
import { parkedQuery } from "./queries.ts";
import type { CallCard } from "./protocol.ts";
import { usePhone } from "./usePhone.ts";

/** What is dialled for a slot, and its own short number: "*683" is slot 3. */
const shortSlot = (code: string): string => code.slice(-1);

function useSlots(): readonly { readonly code: string; readonly slot: string; readonly parked: ParkedCall | undefined }[] {
  const { login } = usePhone();
  const people = usePeople();
  const { data } = useQuery(parkedQuery);
  return (login?.park_slots ?? []).map((code) => {
    const slot = shortSlot(code);
    const parked = data?.items.find((each) => each.slot === slot);
    const known = people.find((each) => each.number === parked?.party)?.name;
    return { code, slot, parked: parked === undefined || known === undefined ? parked : { ...parked, party_name: known } };
  });
}

interface ParkPanelProps {
  readonly call: CallCard;
  readonly onDone: () => void;
}

export function ParkPanel({ call, onDone }: ParkPanelProps) {
  const slots = useSlots();
  const park = (code: string) => {
    desk.do({ do: "transfer", id: call.id, to: code });
    onDone();
  };
  return (
    <section aria-label={p.park.title} className="flex w-full max-w-80 flex-col gap-2">
      <p className="text-small text-pretty text-soft">{slots.length === 0 ? p.park.none : p.park.help}</p>
      <div className="grid grid-cols-3 gap-2">
        {slots.map(({ code, slot, parked }) => (
          <button
            key={code}
            type="button"
            disabled={parked !== undefined}
            title={parked === undefined ? p.park.parkHere(slot) : undefined}
            onClick={() => park(code)}
            className="flex min-h-14 min-w-0 flex-col items-center justify-center rounded-xl border border-line bg-surface px-1 not-disabled:hover:border-accent not-disabled:hover:bg-accent-soft disabled:bg-sunken"
          >
            <span className="flex items-center gap-1.5 font-semibold">
              <StatusShape tone={parked === undefined ? "plain" : "bad"} />
              {slot}
            </span>
            <span className="max-w-full truncate text-label text-faint">{parked === undefined ? p.park.free : partyOf(parked)}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

function partyOf(parked: ParkedCall): string {
  return parked.party_name !== "" ? parked.party_name : parked.party;
}

/** Who is parked, on every screen of the phone: a press fetches them. Nothing while nobody is. */
export function ParkedLamps() {
  const now = useNow();
  const taken = useSlots().filter((each) => each.parked !== undefined);
  if (taken.length === 0) return null;
  return (
    <ul aria-label={p.park.title} className="flex flex-wrap gap-1.5">
      {taken.map(({ code, slot, parked }) =>
        parked === undefined ? null : (
          <li key={code} data-slot={slot}>
            <button
              type="button"
              title={p.park.fetch(slot, partyOf(parked))}
              onClick={() => desk.do({ do: "dial", target: code, name: partyOf(parked) })}
              className="flex min-h-9 items-center gap-2 rounded-full border border-warn-line/50 bg-warn-soft px-3 text-small text-warn hover:border-warn-line"
            >
              <span className="font-semibold">P{slot}</span>
              <span className="max-w-32 truncate">{partyOf(parked)}</span>
              <span className="tabular-nums">{formatTimer(now - Date.parse(parked.since))}</span>
            </button>
          </li>
        ),
      )}
    </ul>
  );
}
