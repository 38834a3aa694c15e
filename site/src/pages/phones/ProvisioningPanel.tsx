/** A link that sets Linphone up, once: as a code to scan, and to copy. */
import { useMutation } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import type { ProvisioningLink } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { p } from "../../text/push.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { QrCode } from "../../ui/QrCode.tsx";

export function ProvisioningPanel({ number }: { readonly number: string }) {
  const made = useMutation({
    mutationFn: () => request<ProvisioningLink>("/provisioning-links", { method: "POST", body: { extension: number } }),
    gcTime: 0, // it leads to a password
  });
  return (
    <div className="mt-5 flex flex-col gap-4 border-t border-line pt-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0 flex-1 basis-60">
          <h4 className="font-medium">{p.link.title}</h4>
          <p className="text-small text-pretty text-faint">{p.link.help}</p>
        </div>
        <Button icon="key" busy={made.isPending} onClick={() => made.mutate()}>
          {made.data === undefined ? p.link.make : p.link.again}
        </Button>
      </div>
      {made.error !== null && (
        <Notice tone="bad" alert>
          {p.link.failed} {faultWords(made.error, t)}
        </Notice>
      )}
      {made.data !== undefined && <MadeLink number={number} link={made.data} />}
    </div>
  );
}

function MadeLink({ number, link }: { readonly number: string; readonly link: ProvisioningLink }) {
  return (
    <>
      <QrCode svg={link.qr_svg} label={p.link.qrAlt(number)} />
      <div className="flex min-h-11 items-center gap-2 rounded-xl border border-line pr-1 pl-3.5">
        <span data-provisioning-link className="min-w-0 flex-1 py-1.5 font-mono text-small break-all">
          {link.url}
        </span>
        <CopyButton value={link.url} what={p.link.url} />
      </div>
      <p className="text-small text-soft">{p.link.expires(formatFull(link.expires_at, t.locale))}</p>
      <ol className="list-decimal space-y-1 pl-5 text-pretty text-soft">
        {p.link.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p className="text-small text-pretty text-faint">{p.link.others}</p>
    </>
  );
}
