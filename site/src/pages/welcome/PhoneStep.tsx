import { phoneRows, type PhoneRow } from "../../core/phones.ts";
import { useLive } from "../../live/useLive.ts";
import { p } from "../../pocket/text.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { SipLoginPanel } from "../phones/SipLoginPanel.tsx";
import { StepFrame } from "./StepFrame.tsx";

interface PhoneStepProps {
  /** Whose phone it is; undefined: the first one's. */
  readonly chosen: string | undefined;
  readonly onChoose: (number: string) => void;
  readonly onNext: () => void;
}

/** A phone for one of them: its login as a code, and whether it has come, as it happens. */
export function PhoneStep({ chosen, onChoose, onNext }: PhoneStepProps) {
  const { data } = useLive();
  if (data === undefined) return <Skeleton rows={5} />;
  const rows = phoneRows(data).filter((row) => row.extension.enabled);
  const row = rows.find((each) => each.extension.number === chosen) ?? rows[0];
  const connected = rows.filter((each) => each.devices.length > 0);
  return (
    <StepFrame
      title={t.admin.welcome.phoneTitle}
      help={t.admin.welcome.phoneHelp}
      onSkip={onNext}
      next={
        <Button look="primary" onClick={onNext}>
          {connected.length === 0 ? p.echo.noPhone : t.admin.welcome.next}
        </Button>
      }
    >
      {row === undefined ? (
        <Notice tone="warn">{t.admin.welcome.nobody}</Notice>
      ) : (
        <>
          <Select
            label={t.admin.welcome.whose}
            value={row.extension.number}
            options={rows.map(({ extension }) => [extension.number, `${extension.number} · ${extension.name}`])}
            onChoose={onChoose}
          />
          <Waiting row={row} />
          <SipLoginPanel key={row.extension.number} number={row.extension.number} />
        </>
      )}
    </StepFrame>
  );
}

function Waiting({ row }: { readonly row: PhoneRow }) {
  const [device] = row.devices;
  if (device !== undefined) {
    return (
      <p role="status" data-registered className="flex items-center gap-3 rounded-xl bg-good-soft px-4 py-3 font-medium text-good">
        <Icon name="check" className="size-5" />
        {t.admin.welcome.registered(device.user_agent || t.phones.deviceUnnamed)}
      </p>
    );
  }
  return (
    <p role="status" className="flex items-center gap-3 rounded-xl bg-sunken px-4 py-3 text-soft">
      <Icon name="phone" className="ringing-dot size-5" />
      {t.admin.welcome.waiting(row.extension.number)}
    </p>
  );
}
