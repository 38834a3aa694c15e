/** Whom to call: typed in letters or keys, pasted in any form, or the last one again. */
import { useInfiniteQuery } from "@tanstack/react-query";
import type { RefObject } from "react";
import { p } from "../text/phone.ts";
import { Icon } from "../ui/Icon.tsx";
import { useContacts, usePeople, type Person } from "./contacts.ts";
import { Keypad } from "./Keypad.tsx";
import { dialable, readable, sameNumber } from "./number.ts";
import { Face, PresenceWord } from "./Person.tsx";
import { PhoneIcon } from "./PhoneIcon.tsx";
import { historyQuery } from "./queries.ts";
import { findContacts } from "./t9.ts";
import { usePhone } from "./usePhone.ts";

interface DialPaneProps {
  readonly typed: string;
  readonly onType: (text: string) => void;
  readonly onDial: (number: string, name: string) => void;
  readonly box?: RefObject<HTMLInputElement | null>;
  readonly keypad?: boolean;
  /** What the green button says. */
  readonly action?: string;
}

/** The number that Enter calls again while nothing is typed. */
export function useRedial(): { readonly number: string; readonly name: string } | undefined {
  const { data } = useInfiniteQuery(historyQuery);
  const people = usePeople();
  const slots = usePhone().login?.park_slots ?? [];
  const last = data?.pages[0]?.items.find((each) => each.direction === "out" && each.number !== "" && !slots.includes(each.number));
  if (last === undefined) return undefined;
  return { number: last.number, name: people.find((each) => each.number === last.number)?.name ?? last.name };
}

export function useTarget(typed: string): { readonly found: readonly Person[]; readonly number: string; readonly name: string } {
  const contacts = useContacts();
  const found = findContacts(contacts, typed);
  const number = dialable(typed);
  const exact = contacts.find((each) => number !== "" && sameNumber(each.number, number));
  if (number !== "") return { found, number, name: exact?.name ?? "" };
  const [first] = found;
  return { found, number: first?.number ?? "", name: first?.name ?? "" };
}

export function DialPane({ typed, onType, onDial, box, keypad = true, action = p.dial.call }: DialPaneProps) {
  const { found, number, name } = useTarget(typed);
  const redial = useRedial();
  const emergency = usePhone().login?.emergency_numbers?.includes(number) === true;
  const submit = () => {
    if (typed.trim() === "") {
      if (redial !== undefined) onDial(redial.number, redial.name);
    } else if (number !== "") onDial(number, name);
  };
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <form
        className="relative"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <input
          ref={box}
          data-dial
          type="text"
          inputMode="text"
          enterKeyHint="go"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-label={p.dial.label}
          placeholder={p.dial.placeholder}
          value={typed}
          onChange={(event) => onType(event.target.value)}
          onPaste={(event) => {
            const pasted = dialable(event.clipboardData.getData("text"));
            if (pasted === "" || typed !== "") return;
            event.preventDefault();
            onType(pasted);
          }}
          className="h-14 w-full rounded-2xl border border-line bg-sunken px-12 text-center text-[1.35rem] font-medium tabular-nums placeholder:text-lead placeholder:font-normal placeholder:text-faint"
        />
        {typed !== "" && (
          <button
            type="button"
            aria-label={p.dial.backspace}
            title={p.dial.backspace}
            onClick={() => onType(typed.slice(0, -1))}
            className="absolute inset-y-0 right-1 flex w-11 items-center justify-center rounded-xl text-soft hover:text-ink"
          >
            <PhoneIcon name="backspace" className="size-5" />
          </button>
        )}
      </form>
      {typed.trim() !== "" && <Results found={found} typed={typed} number={number} onDial={onDial} />}
      {keypad && <Keypad plus onKey={(key) => onType(key === "+" && typed !== "" ? typed : typed + key)} />}
      <button
        type="button"
        data-call-button
        disabled={typed.trim() === "" ? redial === undefined : number === ""}
        onClick={submit}
        className={`mx-auto flex min-h-13 w-full max-w-72 items-center justify-center gap-2.5 rounded-2xl text-lead font-semibold text-surface transition-[background-color,scale,opacity] active:scale-[0.98] disabled:opacity-45 ${emergency ? "bg-bad" : "bg-good"}`}
      >
        <Icon name="phone" className="size-5" />
        <span className="truncate">{emergency ? p.dial.emergency : action}</span>
      </button>
      <p className="min-h-5 text-center text-small text-faint">
        {typed.trim() === "" && redial !== undefined && p.dial.redial(redial.name === "" ? readable(redial.number) : redial.name)}
      </p>
    </div>
  );
}

interface ResultsProps {
  readonly found: readonly Person[];
  readonly typed: string;
  readonly number: string;
  readonly onDial: (number: string, name: string) => void;
}

function Results({ found, typed, number, onDial }: ResultsProps) {
  if (found.length === 0) {
    return number === "" ? <p className="px-2 text-center text-small text-soft">{p.dial.nobody(typed.trim())}</p> : null;
  }
  return (
    <ul aria-label={p.dial.results} className="-mx-1 flex max-h-52 flex-col overflow-y-auto">
      {found.slice(0, 6).map((each) => (
        <li key={each.key}>
          <button
            type="button"
            onClick={() => onDial(each.number, each.name)}
            className="flex min-h-12 w-full items-center gap-3 rounded-xl px-2 text-left hover:bg-hover"
          >
            <Face name={each.name} presence={each.presence} />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{each.name}</span>
              <span className="block truncate text-small text-faint">
                {[readable(each.number) === each.name ? "" : readable(each.number), each.also].filter((word) => word !== "").join(" · ")}
              </span>
            </span>
            {each.presence !== undefined && (
              <span className="text-small text-soft">
                <PresenceWord presence={each.presence} />
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
