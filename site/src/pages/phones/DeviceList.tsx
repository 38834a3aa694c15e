import { formatFull, formatShortClock } from "../../core/time.ts";
import type { RegistrationView } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { StatusShape } from "../../ui/StatusMark.tsx";
import { Expiry } from "./Expiry.tsx";

export function DeviceList({ devices }: { readonly devices: readonly RegistrationView[] }) {
  if (devices.length === 0) {
    return (
      <p className="text-soft">
        <span className="block font-medium text-ink">{t.phones.devicesNone}</span>
        {t.phones.devicesNoneHelp}
      </p>
    );
  }
  return (
    <ul className="flex flex-col gap-3">
      {devices.map((device) => (
        <li key={device.id} className="flex gap-3">
          <StatusShape tone="good" className="mt-1.5 size-2.5 text-good" />
          <div className="min-w-0 flex-1">
            <p className="font-medium break-words">{device.user_agent || t.phones.deviceUnnamed}</p>
            <p className="text-small break-all text-soft">
              {device.transport} · {device.source}
            </p>
            <p className="text-small text-faint">
              <time dateTime={device.registered_at} title={formatFull(device.registered_at, t.locale)}>
                {t.phones.registeredSince(formatShortClock(device.registered_at, t.locale))}
              </time>
              {" · "}
              {t.phones.expiresLower} <Expiry at={device.expires_at} />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
