/** One phone: what is registered for it, how to connect a device, what rings, and everything that can be set. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { changeExtension } from "../../api/queries.ts";
import type { PhoneRow } from "../../core/phones.ts";
import { faultWords } from "../../core/problem.ts";
import { whatRings } from "../../core/rings.ts";
import type { Data } from "../../forms/json.ts";
import { kindNamed } from "../../office/kinds.ts";
import { useMay } from "../../media/useMay.ts";
import { useSource } from "../../office/source.ts";
import { recordQuery, useRenew } from "../../records/data.ts";
import { RecordEditor } from "../../records/RecordDrawer.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { useUnsavedGuard } from "../../ui/unsaved.tsx";
import { DeviceList } from "./DeviceList.tsx";
import { PhoneMark } from "./PhoneMark.tsx";
import { RefusedHere } from "./RefusedHere.tsx";
import { SipLoginPanel } from "./SipLoginPanel.tsx";

/** With the words and pages of the edge, which most who open a phone do not need. */
const OutsideNumberSection = lazy(async () => ({ default: (await import("./OutsideNumberSection.tsx")).OutsideNumberSection }));

const ProvisioningPanel = lazy(async () => ({ default: (await import("./ProvisioningPanel.tsx")).ProvisioningPanel }));

interface PhoneDrawerProps {
  readonly row: PhoneRow;
  readonly onClose: () => void;
  readonly onDuplicate: (draft: Data) => void;
}

export function PhoneDrawer({ row, onClose, onDuplicate }: PhoneDrawerProps) {
  const { extension } = row;
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  const may = useMay("numbers:write");
  const maySee = useMay("sip-login:read");
  return (
    <Dialog shape="wide" label={t.phones.drawerLabel(extension.number, extension.name)} onClose={tryClose}>
      <DrawerHead
        title={`${extension.number} · ${extension.name}`}
        lead={
          <span className="flex flex-wrap items-center gap-3">
            <PhoneMark row={row} />
            <EnableButton row={row} />
          </span>
        }
        onClose={tryClose}
      />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Section title={t.phones.tabDevices}>
          <DeviceList devices={row.devices} />
          <RefusedHere number={extension.number} />
        </Section>
        <Section title={t.phones.tabConnect}>
          <SipLoginPanel number={extension.number} />
          {maySee && (
            <Suspense fallback={null}>
              <ProvisioningPanel number={extension.number} />
            </Suspense>
          )}
        </Section>
        {may && (
          <Suspense fallback={null}>
            <OutsideNumberSection extension={extension} />
          </Suspense>
        )}
        <Section title={t.records.phone.rings}>
          <ul className="flex flex-col gap-1 text-soft">
            {whatRings(extension, row.devices.length, t).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </Section>
        <h3 className="px-5 pt-5 font-semibold">{t.phones.tabEdit}</h3>
        {/* Switched on or off, it is another state of the record: the form begins anew. */}
        <Settings key={String(extension.enabled)} number={extension.number} setDirty={setDirty} onClose={onClose} onDuplicate={onDuplicate} />
      </div>
      {question}
    </Dialog>
  );
}

interface SettingsProps {
  readonly number: string;
  readonly setDirty: (dirty: boolean) => void;
  readonly onClose: () => void;
  readonly onDuplicate: (draft: Data) => void;
}

function Settings({ number, setDirty, onClose, onDuplicate }: SettingsProps) {
  const source = useSource();
  const { data, error, isFetchedAfterMount } = useQuery(recordQuery(source, "extension", number));
  if (error !== null && data === undefined) {
    return (
      <div className="p-5">
        <Notice tone="bad" alert>
          {faultWords(error, t)}
        </Notice>
      </div>
    );
  }
  if (data === undefined || !isFetchedAfterMount) return <Skeleton rows={4} />;
  return <RecordEditor kindOf={kindNamed("extension")} loaded={data} setDirty={setDirty} onClose={onClose} onDuplicate={onDuplicate} />;
}

function EnableButton({ row: { extension } }: { readonly row: PhoneRow }) {
  const say = useSay();
  const renew = useRenew();
  const change = useMutation({
    mutationFn: () => changeExtension(extension.number, { enabled: !extension.enabled }),
    onSuccess: async (now) => {
      say(now.enabled ? t.phones.enabledNow(now.number) : t.phones.disabledNow(now.number));
      await renew();
    },
    onError: (fault) => say(faultWords(fault, t)),
  });
  return (
    <Button busy={change.isPending} onClick={() => change.mutate()}>
      {extension.enabled ? t.phones.disable : t.phones.enable}
    </Button>
  );
}
