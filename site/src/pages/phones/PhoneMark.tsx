import type { PhoneRow, PhoneState } from "../../core/phones.ts";
import { useLive } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const LOOKS: Readonly<Record<PhoneState, { readonly tone: Tone; readonly words: string }>> = {
  disabled: { tone: "plain", words: t.phones.disabled },
  talking: { tone: "live", words: t.phones.inCall },
  ringing: { tone: "live", words: t.phones.ringing },
  registered: { tone: "good", words: t.phones.registered },
  unregistered: { tone: "warn", words: t.phones.notRegistered },
};

export function PhoneMark({ row }: { readonly row: PhoneRow }) {
  const { stale } = useLive();
  const { tone, words } = LOOKS[row.state];
  const many = row.state === "registered" && row.devices.length > 1;
  return (
    <StatusMark tone={stale ? "plain" : tone}>
      {words}
      {many && ` · ${t.phones.registeredMany(row.devices.length)}`}
    </StatusMark>
  );
}
