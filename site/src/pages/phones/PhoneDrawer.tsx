/** One phone: what is registered for it, how to connect a device, its settings, and the ways to pause or delete it. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changeExtension, deleteExtension } from "../../api/queries.ts";
import type { PhoneRow } from "../../core/phones.ts";
import { faultWords } from "../../core/problem.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm, Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { DeviceList } from "./DeviceList.tsx";
import { PhoneMark } from "./PhoneMark.tsx";
import { PhoneSettings } from "./PhoneSettings.tsx";
import { SipLoginPanel } from "./SipLoginPanel.tsx";
import { useUnsavedGuard } from "../../ui/unsaved.tsx";

interface PhoneDrawerProps {
  readonly row: PhoneRow;
  readonly onClose: () => void;
}

export function PhoneDrawer({ row, onClose }: PhoneDrawerProps) {
  const { extension } = row;
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  return (
    <Dialog shape="side" label={t.phones.drawerLabel(extension.number, extension.name)} onClose={tryClose}>
      <DrawerHead title={`${extension.number} · ${extension.name}`} lead={<PhoneMark row={row} />} onClose={tryClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Section title={t.phones.tabDevices}>
          <DeviceList devices={row.devices} />
        </Section>
        <Section title={t.phones.tabConnect}>
          <SipLoginPanel number={extension.number} />
        </Section>
        <Section title={t.phones.tabEdit}>
          <PhoneSettings extension={extension} onDirty={setDirty} />
        </Section>
        <div className="flex flex-wrap justify-end gap-2 px-5 pt-1 pb-6">
          <EnableButton row={row} />
          <DeleteButton row={row} onDeleted={onClose} />
        </div>
      </div>
      {question}
    </Dialog>
  );
}

function EnableButton({ row: { extension } }: { readonly row: PhoneRow }) {
  const say = useSay();
  const change = useMutation({
    mutationFn: () => changeExtension(extension.number, { enabled: !extension.enabled }),
    onSuccess: (now) => say(now.enabled ? t.phones.enabledNow(now.number) : t.phones.disabledNow(now.number)),
    onError: (fault) => say(faultWords(fault, t)),
  });
  return (
    <Button busy={change.isPending} onClick={() => change.mutate()}>
      {extension.enabled ? t.phones.disable : t.phones.enable}
    </Button>
  );
}

function DeleteButton({ row: { extension }, onDeleted }: { readonly row: PhoneRow; readonly onDeleted: () => void }) {
  const say = useSay();
  const [asking, setAsking] = useState(false);
  const deletion = useMutation({
    mutationFn: () => deleteExtension(extension.number),
    onSuccess: () => {
      say(t.phones.deleted(extension.number));
      onDeleted();
    },
  });
  const stay = () => setAsking(false);
  return (
    <>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        {t.common.delete}
      </Button>
      {asking && (
        <Confirm
          title={t.phones.deleteTitle(extension.number, extension.name)}
          help={t.phones.deleteHelp}
          onClose={stay}
          fault={
            deletion.error !== null && (
              <Notice tone="bad" alert>
                {faultWords(deletion.error, t)}
              </Notice>
            )
          }
          cancel={
            <Button data-focus-first onClick={stay}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button look="danger" busy={deletion.isPending} onClick={() => deletion.mutate()}>
              {deletion.isPending ? t.phones.deleting : t.phones.deleteConfirm}
            </Button>
          }
        />
      )}
    </>
  );
}
