/** The office with who is free, and the speed dials. */
import { useState, type ReactNode } from "react";
import { p } from "../text/phone.ts";
import { Icon } from "../ui/Icon.tsx";
import { usePeople, useSpeedDials, type Person } from "./contacts.ts";
import { readable } from "./number.ts";
import { Face, PresenceWord } from "./Person.tsx";
import { findContacts } from "./t9.ts";

interface PeopleProps {
  readonly onDial: (number: string, name: string) => void;
  readonly onWrite: ((person: Person) => void) | undefined;
}

export function People({ onDial, onWrite }: PeopleProps) {
  const [query, setQuery] = useState("");
  const people = usePeople();
  const dials = useSpeedDials();
  const wanted = (all: readonly Person[]) => (query.trim() === "" ? all : findContacts(all, query, 200));
  const [shown, quick] = [wanted(people), wanted(dials)];
  return (
    <div className="flex flex-col gap-4">
      <div className="relative">
        <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" />
        <input
          type="search"
          aria-label={p.people.search}
          placeholder={p.people.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="min-h-11 w-full rounded-xl border border-line bg-sunken pr-3 pl-9 placeholder:text-faint [&::-webkit-search-cancel-button]:hidden"
        />
      </div>
      {quick.length > 0 && (
        <Group title={p.people.speedDials}>
          {quick.map((each) => (
            <Row key={each.key} person={each} onDial={onDial} onWrite={undefined} />
          ))}
        </Group>
      )}
      <Group title={p.people.directory}>
        {shown.map((each) => (
          <Row key={each.key} person={each} onDial={onDial} onWrite={onWrite} />
        ))}
        {shown.length === 0 && <li className="px-2 py-3 text-soft">{people.length === 0 ? p.people.nobody : p.people.noMatch}</li>}
      </Group>
    </div>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="px-2 pb-1 text-label font-semibold text-faint">{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}

interface RowProps extends PeopleProps {
  readonly person: Person;
}

function Row({ person, onDial, onWrite }: RowProps) {
  const { name, number, also, presence } = person;
  return (
    <li data-person={number} className="group flex items-center rounded-xl pr-1 hover:bg-hover">
      <button
        type="button"
        title={p.people.call(name)}
        onClick={() => onDial(number, name)}
        className="flex min-h-14 min-w-0 flex-1 items-center gap-3 rounded-xl px-2 text-left"
      >
        <Face name={name} presence={presence} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{name}</span>
          <span className="block truncate text-small text-faint">
            {presence !== undefined && (
              <>
                <PresenceWord presence={presence} /> ·{" "}
              </>
            )}
            {[readable(number), also.replace(`${p.dial.speedDial} `, "")].filter((each) => each !== "").join(" · ")}
          </span>
        </span>
      </button>
      {onWrite !== undefined && (
        <button
          type="button"
          aria-label={p.people.write(name)}
          title={p.people.write(name)}
          onClick={() => onWrite(person)}
          className="inline-flex size-10 items-center justify-center rounded-lg text-faint hover:bg-sunken hover:text-ink"
        >
          <Icon name="chat" className="size-[1.125rem]" />
        </button>
      )}
    </li>
  );
}
