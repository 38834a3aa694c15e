/** The servers elsewhere that run the edge for this office, and the key that it shows them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { settingsQuery } from "../../api/queries.ts";
import { EDGE } from "../../core/live.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { OfficeSettings } from "../../schema.gen.ts";
import { e } from "../../text/edge.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PasswordField } from "../../ui/PasswordField.tsx";
import { useSay } from "../../ui/toasts.tsx";

export function Elsewhere() {
  const { data: settings } = useQuery(settingsQuery);
  return settings === undefined ? null : <Edges edges={settings.edges} />;
}

function Edges({ edges }: { readonly edges: readonly string[] }) {
  const [address, setAddress] = useState("");
  const [key, setKey] = useState("");
  const say = useSay();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: async (wanted: readonly string[]) => {
      // The key first: the line to a new address is opened at once.
      if (key !== "") await request<undefined>("/settings/edge-key", { method: "PUT", body: { key: key.trim() } });
      return request<OfficeSettings>("/settings", { method: "PATCH", body: { edges: wanted } });
    },
    onSuccess: (saved) => {
      setAddress("");
      setKey("");
      say(e.settings.saved);
      client.setQueryData(settingsQuery.queryKey, saved);
      void client.invalidateQueries({ queryKey: [EDGE] });
    },
  });
  const wanted = address.trim().replace(/\/+$/, "");
  return (
    <form
      className="flex flex-col gap-4 border-t border-line px-4 py-5 sm:px-5"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(wanted === "" || edges.includes(wanted) ? edges : [...edges, wanted]);
      }}
    >
      {edges.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line">
          {edges.map((each) => (
            <li key={each} data-edge={each} className="flex items-center justify-between gap-2 py-1 pr-1 pl-3.5">
              <span className="min-w-0 truncate font-mono text-small">{each}</span>
              <IconButton icon="trash" label={e.settings.removeEdge(each)} disabled={save.isPending} onClick={() => save.mutate(edges.filter((one) => one !== each))} />
            </li>
          ))}
        </ul>
      )}
      <Field label={e.settings.address} placeholder="https://edge.example.com" type="url" value={address} onChange={(event) => setAddress(event.target.value)} />
      <PasswordField label={e.settings.key} help={e.settings.keyHelp} value={key} autoComplete="off" onChange={(event) => setKey(event.target.value)} />
      {save.error !== null && (
        <Notice tone="bad" alert>
          {edgeFaultWords(save.error)}
        </Notice>
      )}
      <Button type="submit" look="primary" className="self-start" busy={save.isPending} disabled={wanted === "" && key === ""}>
        {e.settings.connect}
      </Button>
    </form>
  );
}
