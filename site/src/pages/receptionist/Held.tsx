/** Messages that callers left while the office was offline, until the office has them. Shown only when there are some. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { readable } from "../../core/outside.ts";
import { formatDuration, formatFull } from "../../core/time.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { dropHeld, heldQuery, retryHeld } from "../../edge/receptionist.ts";
import type { HeldVoicemail } from "../../edge/types.ts";
import { Player } from "../../media/Player.tsx";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";

export function Held() {
  const { data } = useQuery(heldQuery);
  if (data === undefined || data.total === 0) return null;
  return (
    <Card title={e.receptionist.held(data.total)}>
      <p className="px-4 text-small text-soft sm:px-5">{e.receptionist.heldHelp}</p>
      <ul className="mt-2 divide-y divide-line">
        {data.items.map((each) => (
          <Message key={each.id} message={each} />
        ))}
      </ul>
    </Card>
  );
}

function Message({ message }: { readonly message: HeldVoicemail }) {
  const may = useMay("receptionist:write");
  const say = useSay();
  const client = useQueryClient();
  const drop = useMutation({
    mutationFn: () => dropHeld(message.id),
    onSettled: () => client.invalidateQueries({ queryKey: heldQuery.queryKey }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  const retry = useMutation({
    mutationFn: () => retryHeld(message.id),
    onSettled: () => client.invalidateQueries({ queryKey: heldQuery.queryKey }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  const stuck = message.state === "lost" || message.state === "refused";
  const there = message.state === "waiting" || message.state === "writing_down" || message.state === "refused";
  return (
    <li className="flex flex-col gap-2 px-4 py-3 sm:px-5">
      <p className="flex flex-wrap items-center justify-between gap-2">
        <span>
          <span className="font-medium">{readable(message.from_number)}</span>
          <span className="text-small text-faint">
            {" "}
            {formatFull(new Date(message.received_at).toISOString(), t.locale)} · {formatDuration(message.duration_s, t.duration)}
          </span>
        </span>
        <StatusMark tone={stuck ? "bad" : "warn"}>{e.receptionist.heldStates[message.state]}</StatusMark>
      </p>
      {message.transcript !== null && message.transcript !== "" && <p className="text-soft">“{message.transcript}”</p>}
      {message.error !== "" && <p className="text-small text-bad">{message.error}</p>}
      {there && <Sound id={message.id} />}
      {stuck && may && (
        <Button busy={retry.isPending} onClick={() => retry.mutate()} className="self-start">
          {e.receptionist.again}
        </Button>
      )}
      {message.state === "lost" && may && (
        <Button look="danger" busy={drop.isPending} onClick={() => drop.mutate()} className="self-start">
          {e.receptionist.giveUp}
        </Button>
      )}
    </li>
  );
}

/** The source stays the same while the list is asked for again. */
function Sound({ id }: { readonly id: string }) {
  const source = useMemo(() => ({ path: `/receptionist/voicemails/${id}/audio` }), [id]);
  return <Player source={source} label={e.receptionist.hear} />;
}
