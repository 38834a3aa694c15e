/** Who looks after a conversation. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { assign, CONVERSATIONS } from "../../edge/texts.ts";
import type { Conversation } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { usersQuery } from "../../office/accounts.ts";
import { useSession } from "../../shell/session.tsx";
import { e } from "../../text/edge.ts";
import { useSay } from "../../ui/toasts.tsx";

export function Assignment({ conversation }: { readonly conversation: Conversation }) {
  const id = useId();
  const say = useSay();
  const { user } = useSession();
  const client = useQueryClient();
  const { data: users } = useQuery({ ...usersQuery, enabled: useMay("users:read") });
  const names = [...new Set([user.username, ...(users?.items ?? []).map((each) => each.username), conversation.assigned_to])].filter((name) => name !== "");
  const change = useMutation({
    mutationFn: (to: string) => assign(conversation, to),
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="sr-only">
        {e.texts.assign}
      </label>
      <select
        id={id}
        value={conversation.assigned_to}
        disabled={change.isPending}
        onChange={(event) => change.mutate(event.target.value)}
        className="min-h-10 max-w-36 rounded-lg border border-line bg-surface px-2.5 hover:border-line-strong md:min-h-9"
      >
        <option value="">{e.texts.nobody}</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name === user.username ? e.texts.me(name) : name}
          </option>
        ))}
      </select>
    </span>
  );
}
