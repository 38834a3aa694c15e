/** Which office this site talks to: those it was made for, and any other by its address. */
import { useMutation } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { addOffice, forgetOffice, goTo, HERE, offices, wasAdded, type Office } from "../../api/place.ts";
import { probe } from "../../api/probe.ts";
import { nodeAddress, troubleOf, type Trouble } from "../../core/place.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { EntryFrame } from "../EntryFrame.tsx";
import { TroubleNotice } from "./TroubleNotice.tsx";

export function ConnectPage({ alone = false }: { readonly alone?: boolean }) {
  const [all, setAll] = useState(offices);
  const shown = alone ? all.filter(({ node }) => node !== "") : all;
  return (
    <EntryFrame
      wide
      title={alone ? t.connect.noNode : t.connect.title}
      lead={alone ? t.connect.noNodeHelp : t.connect.lead}
    >
      {shown.length > 0 && (
        <ul className="mb-8 divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {shown.map((office) => (
            <Row
              key={office.node}
              office={office}
              onForget={() => {
                forgetOffice(office.node);
                setAll(offices());
              }}
            />
          ))}
        </ul>
      )}
      <h2 className="mb-3 text-lead font-semibold">{t.connect.other}</h2>
      <Other />
    </EntryFrame>
  );
}

function Row({ office, onForget }: { readonly office: Office; readonly onForget: () => void }) {
  const { name, node } = office;
  const here = node === HERE.node;
  const shown = name || node || t.connect.this;
  return (
    <li className="flex items-center pr-2">
      <button
        type="button"
        onClick={() => goTo(node)}
        className="flex min-h-15 min-w-0 flex-1 items-center gap-3 px-4 py-2 text-left -outline-offset-2 hover:bg-hover"
      >
        <Icon name="office" className="size-5 text-faint" />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{shown}</span>
          <span className="block truncate text-small text-faint">{node || window.location.host}</span>
        </span>
        {here && <span className="text-small text-soft">{t.connect.here}</span>}
        <Icon name="chevronRight" className="size-4 text-faint" />
      </button>
      {wasAdded(node) && <IconButton icon="trash" label={t.connect.forget(shown)} onClick={onForget} />}
    </li>
  );
}

interface Refused {
  readonly node: string;
  readonly trouble: Trouble;
}

function Other() {
  const [typed, setTyped] = useState("");
  const [name, setName] = useState("");
  const [odd, setOdd] = useState(false);
  const attempt = useMutation({
    mutationFn: async (node: string): Promise<Refused | undefined> => {
      const trouble = troubleOf(await probe(node));
      return trouble === undefined ? undefined : { node, trouble };
    },
    onSuccess: (refused, node) => {
      if (refused !== undefined) return;
      addOffice({ name: name.trim() || node.replace(/^https?:\/\//, ""), node });
      goTo(node);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const node = nodeAddress(typed);
    setOdd(node === undefined);
    if (node !== undefined) attempt.mutate(node);
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
        <Field
          label={t.connect.address}
          help={t.connect.addressHelp}
          fault={odd ? t.connect.notAnAddress : undefined}
          name="node"
          type="url"
          inputMode="url"
          autoCapitalize="none"
          autoComplete="url"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Field
          label={t.connect.name}
          name="office-name"
          placeholder={t.connect.namePlaceholder}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      {attempt.data !== undefined && <TroubleNotice {...attempt.data} />}
      <div>
        <Button type="submit" look="primary" busy={attempt.isPending}>
          {attempt.isPending ? t.connect.trying : t.connect.add}
        </Button>
      </div>
    </form>
  );
}
