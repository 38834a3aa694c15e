/** One phone that can be woken: how surely it comes, why it did not, and what can be done about it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { barsOf, gradeOf, reasonOf, secondsOf, type WakeGrade } from "../../core/push.ts";
import { formatFull } from "../../core/time.ts";
import { useMay } from "../../media/useMay.ts";
import type { PushPhone, WakeTest } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { p } from "../../text/push.ts";
import { Button } from "../../ui/Button.tsx";
import { DeleteButton } from "../../ui/DeleteButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { PUSH_PHONES } from "./pushPhones.ts";

const TONES: Readonly<Record<WakeGrade, Tone>> = { well: "good", shaky: "warn", ill: "bad", dead: "bad", untried: "plain" };

interface PushPhoneRowProps {
  readonly phone: PushPhone;
  /** Of its extension. */
  readonly name: string;
}

export function PushPhoneRow({ phone, name }: PushPhoneRowProps) {
  const client = useQueryClient();
  const say = useSay();
  const may = useMay("extensions:write");
  const grade = gradeOf(phone);
  const device = phone.device || p.unnamed;
  const path = `/push-phones/${encodeURIComponent(phone.id)}`;
  const renew = () => client.invalidateQueries({ queryKey: PUSH_PHONES });
  const waking = useMutation({
    mutationFn: () => request<WakeTest>(`${path}/wake`, { method: "POST" }),
    onSettled: renew,
  });
  return (
    <li data-push-phone={phone.id} className="flex flex-col gap-3 px-4 py-4 sm:px-5">
      <div className="flex flex-wrap items-start gap-x-5 gap-y-3">
        <div className="min-w-0 flex-1 basis-60">
          <p className="font-medium break-words">
            {phone.extension} <span className="font-normal text-soft">{name}</span>
          </p>
          <p className="break-words text-soft">{device}</p>
          <p className="text-small break-words text-faint">
            {p.services[phone.service]}
            {phone.app ? ` · ${phone.app}` : ""} · {p.seen(formatFull(phone.seen_at, t.locale))}
          </p>
        </div>
        <div className="flex flex-col items-start gap-1 basis-52">
          <span className="flex items-center gap-2">
            <Score score={phone.dead ? 0 : phone.score} tried={grade !== "untried"} />
            <StatusMark tone={TONES[grade]}>{grade === "untried" ? p.untried : p[grade]}</StatusMark>
          </span>
          {phone.pushes > 0 && <Figures phone={phone} />}
        </div>
        {may && (
          <div className="ml-auto flex items-center gap-1">
            <Button icon="bell" busy={waking.isPending} title={p.wakeHelp} onClick={() => waking.mutate()}>
              {p.wake}
            </Button>
            <DeleteButton
              compact
              label={p.forget(device)}
              title={`${p.forget(device)}?`}
              help={p.forgetHelp}
              confirm={p.forgetConfirm}
              onDelete={() => request<undefined>(path, { method: "DELETE" })}
              onDone={() => {
                say(p.forgotten(device));
                void renew();
              }}
            />
          </div>
        )}
      </div>
      <Trouble phone={phone} />
      <div role="status">
        {waking.isPending && <Notice tone="plain" icon="bell">{p.waking}</Notice>}
        {waking.isSuccess && <Result result={waking.data} service={phone.service} />}
        {waking.error !== null && <Notice tone="bad">{faultWords(waking.error, t)}</Notice>}
      </div>
    </li>
  );
}

function Figures({ phone }: { readonly phone: PushPhone }) {
  const took = phone.last_woke_ms === null ? "" : ` · ${p.lastTook(secondsOf(phone.last_woke_ms, t.locale))}`;
  return (
    <>
      <p className="text-small text-soft">
        {p.wokeOf(phone.woke, phone.pushes)}
        {took}
      </p>
      {phone.last_push_at !== null && <p className="text-small text-faint">{p.lastPush(formatFull(phone.last_push_at, t.locale))}</p>}
    </>
  );
}

/** Five bars, as phones draw the strength of a signal. */
function Score({ score, tried }: { readonly score: number; readonly tried: boolean }) {
  const lit = tried ? barsOf(score) : 0;
  const colour = lit >= 4 ? "text-good" : lit >= 3 ? "text-warn" : "text-bad";
  return (
    <svg
      role="img"
      aria-label={tried ? p.score(Math.round(score * 100)) : p.untried}
      viewBox="0 0 34 18"
      className={`h-4.5 w-8.5 shrink-0 ${colour}`}
    >
      {[0, 1, 2, 3, 4].map((bar) => (
        <rect
          key={bar}
          x={bar * 7}
          y={12 - bar * 3}
          width="5"
          height={6 + bar * 3}
          rx="1.5"
          className={bar < lit ? "fill-current" : "fill-line"}
        />
      ))}
    </svg>
  );
}

function Trouble({ phone }: { readonly phone: PushPhone }) {
  const reason = reasonOf(phone.last_reason, phone.service);
  if (reason === undefined && phone.news) return null;
  return (
    <div className="flex flex-col gap-1 text-small">
      {reason !== undefined && (
        <p className="text-pretty">
          {p.reasons[reason]} <span className="text-faint">{`${p.node} ${phone.last_reason}`}</span>
        </p>
      )}
      {!phone.news && <p className="text-pretty text-faint">{p.noNews}</p>}
    </div>
  );
}

function Result({ result, service }: { readonly result: WakeTest; readonly service: PushPhone["service"] }) {
  if (result.state === "woke") return <Notice tone="good" icon="check">{p.woke(secondsOf(result.after_ms ?? 0, t.locale))}</Notice>;
  if (result.state === "awake") return <Notice tone="plain" icon="bell">{p.awake}</Notice>;
  if (result.state === "silent") {
    const page = service === "webpush";
    return <Notice tone={page ? "plain" : "bad"}>{page ? p.silentPage : p.silent}</Notice>;
  }
  const reason = reasonOf(result.reason, service);
  return (
    <Notice tone="bad">
      {p.refused} {reason === undefined ? "" : p.reasons[reason]}
    </Notice>
  );
}
