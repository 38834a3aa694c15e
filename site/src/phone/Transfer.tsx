/** Sending a call on: at once, or after asking; and connecting two that one talks with. */
import { useState } from "react";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { nameOf } from "./CallStage.tsx";
import { useContacts, usePeople, type Person } from "./contacts.ts";
import { desk } from "./desk.ts";
import { useTarget } from "./DialPane.tsx";
import { readable } from "./number.ts";
import { Face, PresenceWord } from "./Person.tsx";
import type { CallCard } from "./protocol.ts";
import { findContacts } from "./t9.ts";

interface TransferProps {
  readonly call: CallCard;
  /** Those that talk or wait as well. */
  readonly others: readonly CallCard[];
  readonly onDone: () => void;
}

const MOST = 5;

export function TransferPanel({ call, others, onDone }: TransferProps) {
  const [typed, setTyped] = useState("");
  const people = usePeople();
  const contacts = useContacts();
  const target = useTarget(typed);
  const elsewhere = (all: readonly Person[]) => all.filter((each) => each.number !== call.peer.number);
  const shown = typed.trim() === "" ? elsewhere(people).slice(0, MOST) : findContacts(elsewhere(contacts), typed, MOST);
  const blind = (to: string) => {
    desk.do({ do: "transfer", id: call.id, to });
    onDone();
  };
  const ask = (to: string, name: string) => {
    desk.do({ do: "dial", target: to, name });
    onDone();
  };
  return (
    <section aria-label={p.transfer.title} className="flex w-full max-w-80 flex-col gap-3">
      {others.map((each) => (
        <Button
          key={each.id}
          look="primary"
          className="h-auto! min-h-11 whitespace-normal!"
          onClick={() => {
            desk.do({ do: "connect", id: call.id, with: each.id });
            onDone();
          }}
        >
          {p.transfer.connect(nameOf(call), nameOf(each))}
        </Button>
      ))}
      <input
        autoFocus
        type="text"
        aria-label={p.transfer.title}
        placeholder={p.dial.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone();
          if (event.key === "Enter" && target.number !== "") blind(target.number);
        }}
        className="min-h-11 w-full rounded-xl border border-line bg-sunken px-3 placeholder:text-faint"
      />
      <ul className="flex flex-col">
        {shown.map((each) => (
          <li key={each.key} className="flex items-center gap-2 rounded-xl py-1 pr-1 pl-1 hover:bg-hover">
            <Face name={each.name} presence={each.presence} />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{each.name}</span>
              <span className="block truncate text-small text-faint">
                {readable(each.number)}
                {each.presence !== undefined && (
                  <>
                    {" · "}
                    <PresenceWord presence={each.presence} />
                  </>
                )}
              </span>
            </span>
            <Choices name={each.name} onBlind={() => blind(each.number)} onAsk={() => ask(each.number, each.name)} />
          </li>
        ))}
        {shown.length === 0 && target.number !== "" && (
          <li className="flex items-center gap-2 rounded-xl p-1">
            <span className="min-w-0 flex-1 truncate font-medium tabular-nums">{readable(target.number)}</span>
            <Choices name={target.number} onBlind={() => blind(target.number)} onAsk={() => ask(target.number, "")} />
          </li>
        )}
      </ul>
    </section>
  );
}

interface ChoicesProps {
  readonly name: string;
  readonly onBlind: () => void;
  readonly onAsk: () => void;
}

function Choices({ name, onBlind, onAsk }: ChoicesProps) {
  return (
    <span className="flex shrink-0 gap-1">
      <Button className="px-2.5! text-small!" aria-label={`${p.transfer.ask}: ${name}`} onClick={onAsk}>
        {p.transfer.ask}
      </Button>
      <Button look="primary" className="px-2.5! text-small!" aria-label={`${p.transfer.blind}: ${name}`} onClick={onBlind}>
        {p.transfer.blind}
      </Button>
    </span>
  );
}
