/** What can be done with a call that is going on. What comes of it is seen in the call itself. */
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useId, useState } from "react";
import { request } from "../api/client.ts";
import { partyName, shortTarget } from "../core/people.ts";
import { faultWords } from "../core/problem.ts";
import type { LiveCall } from "../schema.gen.ts";
import { useMay } from "../media/useMay.ts";
import { useSession } from "../shell/session.tsx";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { useSay } from "../ui/toasts.tsx";
import { useDirectory } from "./useLive.ts";

const BOX = "min-h-10 rounded-lg border border-line-strong/60 bg-surface px-2.5 hover:border-line-strong md:min-h-9";
type Work = () => Promise<unknown>;

export function CallActions({ call }: { readonly call: LiveCall }) {
  const say = useSay();
  const mayRecord = useMay("recordings:control");
  const mayListen = useMay("calls:supervise");
  const { mutate, isPending, error } = useMutation({ mutationFn: (work: Work) => work() });
  const path = `/calls/${encodeURIComponent(call.id)}`;
  const post = (what: string, body: unknown, done: string) =>
    mutate(async () => {
      await request(`${path}/${what}`, { method: "POST", body });
      if (done !== "") say(done);
    });
  const talking = call.legs.filter((leg) => leg.state === "talking" || leg.state === "held");
  const recorded = call.recording === "on" || call.recording === "paused";
  const sides = talking.map((leg) => ({
    leg: leg.leg,
    name: leg.leg === "a" ? partyName(call.from_name, call.from_number) : partyName(call.to_name, shortTarget(leg.party)),
    held: leg.state === "held",
  }));

  return (
    <div className="mt-3 flex flex-col gap-3 rounded-xl bg-canvas p-3" data-actions={call.id}>
      {error !== null && (
        <Notice tone="bad" alert>
          {faultWords(error, t)}
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button look="danger" icon="phone" busy={isPending} onClick={() => mutate(() => request(path, { method: "DELETE" }))}>
          {t.media.calls.hangUp}
        </Button>
        {sides.map((side) => (
          <Button key={side.leg} icon="pause" disabled={isPending} onClick={() => post("hold", { leg: side.leg, on: !side.held }, "")}>
            {side.held ? t.media.calls.resume(side.name) : t.media.calls.hold(side.name)}
          </Button>
        ))}
        {mayRecord && sides.length > 1 && (
          <Button icon="record" disabled={isPending} onClick={() => post("recording", { do: recorded ? "stop" : "start" }, "")}>
            {recorded ? t.media.calls.stopRecording : t.media.calls.record}
          </Button>
        )}
      </div>
      {sides.length > 1 && (
        <>
          <SendOn sides={sides} busy={isPending} onSend={(leg, to) => post("transfer", { leg, to }, t.media.calls.transferred(to))} onPark={(leg) => post("park", { leg }, t.media.calls.parked)} />
          {mayListen && <Listen busy={isPending} onListen={(extension, how) => post("listen", { extension, how }, t.media.calls.listening(extension))} />}
        </>
      )}
    </div>
  );
}

interface Side {
  readonly leg: string;
  readonly name: string;
}

interface SendOnProps {
  readonly sides: readonly Side[];
  readonly busy: boolean;
  readonly onSend: (leg: string, to: string) => void;
  readonly onPark: (leg: string) => void;
}

function SendOn({ sides, busy, onSend, onPark }: SendOnProps) {
  const [leg, setLeg] = useState("a");
  const [to, setTo] = useState("");
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const number = to.replace(/[\s().-]/g, "");
        if (number !== "") onSend(leg, number);
      }}
    >
      <Labelled label={t.media.calls.whom}>
        {(id) => (
          <select id={id} value={leg} onChange={(event) => setLeg(event.target.value)} className={BOX}>
            {sides.map((side) => (
              <option key={side.leg} value={side.leg}>
                {side.name}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label={t.media.calls.to}>
        {(id) => (
          <input id={id} type="tel" autoComplete="off" value={to} onChange={(event) => setTo(event.target.value)} className={`${BOX} w-36`} />
        )}
      </Labelled>
      <Button type="submit" icon="forward" disabled={busy || to.trim() === ""}>
        {t.media.calls.transfer}
      </Button>
      <Button disabled={busy} onClick={() => onPark(leg)}>
        {t.media.calls.park}
      </Button>
    </form>
  );
}

const HOWS = ["listen", "whisper", "barge"] as const;

interface ListenProps {
  readonly busy: boolean;
  readonly onListen: (extension: string, how: (typeof HOWS)[number]) => void;
}

/** With the phone of whoever listens: their own, if the node knows which that is. */
function Listen({ busy, onListen }: ListenProps) {
  const directory = useDirectory();
  const { user } = useSession();
  const [extension, setExtension] = useState(user.extension ?? "");
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Labelled label={t.media.calls.listenWith}>
        {(id) => (
          <select id={id} value={extension} onChange={(event) => setExtension(event.target.value)} className={BOX}>
            <option value="">–</option>
            {[...directory.values()].map((each) => (
              <option key={each.number} value={each.number}>
                {each.number} {each.name}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {HOWS.map((how) => (
        <Button key={how} title={t.media.calls.howHelp[how]} disabled={busy || extension === ""} onClick={() => onListen(extension, how)}>
          {t.media.calls.how[how]}
        </Button>
      ))}
    </div>
  );
}

function Labelled({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <span className="flex flex-col gap-1">
      <label htmlFor={id} className="text-small text-faint">
        {label}
      </label>
      {children(id)}
    </span>
  );
}
