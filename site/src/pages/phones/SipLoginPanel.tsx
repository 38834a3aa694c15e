/** The SIP login, shown only when asked for: whoever sees it can make calls as this extension. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sipLoginQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import type { SipLogin } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { QrCode } from "../../ui/QrCode.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";

export function SipLoginPanel({ number }: { readonly number: string }) {
  const [shown, setShown] = useState(false);
  if (!shown) {
    return (
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-60 text-small text-pretty text-faint">{t.sipLogin.showSecretHelp}</p>
        <Button icon="eye" onClick={() => setShown(true)}>
          {t.sipLogin.showSecret}
        </Button>
      </div>
    );
  }
  return <Login number={number} onHide={() => setShown(false)} />;
}

function Login({ number, onHide }: { readonly number: string; readonly onHide: () => void }) {
  const { data: login, error } = useQuery(sipLoginQuery(number));
  if (error !== null) {
    return (
      <Notice tone="bad" alert>
        {t.sipLogin.failed} {faultWords(error, t)}
      </Notice>
    );
  }
  if (login === undefined) return <Skeleton />;
  const rows: readonly (readonly [label: string, value: string])[] = [
    [t.sipLogin.server, login.domain],
    ...ways(login),
    [t.sipLogin.username, login.username],
    [t.sipLogin.password, login.password],
  ];
  return (
    <div className="flex flex-col gap-4">
      <p className="text-soft">{t.sipLogin.help}</p>
      {login.qr_svg !== null && <QrCode svg={login.qr_svg} label={t.sipLogin.qrAlt(number)} />}
      <dl className="divide-y divide-line rounded-xl border border-line">
        {rows.map(([label, value]) => (
          <div key={label} className="flex min-h-11 items-center gap-3 pr-1 pl-3.5">
            <dt className="w-24 shrink-0 text-faint">{label}</dt>
            <dd className="flex min-w-0 flex-1 items-center justify-between gap-2">
              <span className="min-w-0 py-1.5 font-mono text-small break-all">{value}</span>
              <CopyButton value={value} what={label} />
            </dd>
          </div>
        ))}
      </dl>
      <div className="flex justify-end">
        <Button look="quiet" icon="eyeOff" onClick={onHide}>
          {t.sipLogin.hideSecret}
        </Button>
      </div>
    </div>
  );
}

/** Port and transports: one line each where all share a port, else each transport with its own. */
function ways({ transports }: SipLogin): (readonly [string, string])[] {
  const ports = new Set(transports.map((each) => each.port));
  if (ports.size > 1) return transports.map((each) => [each.transport, String(each.port)] as const);
  return [
    [t.sipLogin.port, [...ports].join()],
    [t.sipLogin.transport, transports.map((each) => each.transport).join(", ")],
  ];
}
