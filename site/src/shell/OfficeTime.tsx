/** Said only where it matters: the office's clocks show something else than those of this browser. */
import { otherZone } from "../core/time.ts";
import { t } from "../text/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";
import { useSession } from "./session.tsx";

export function OfficeTime() {
  useSession(); // comes with the zone
  const zone = otherZone(Math.floor(useNow() / 3_600_000) * 3_600_000);
  if (zone === undefined) return null;
  return (
    <p data-office-time className="mb-3 flex items-center gap-1.5 text-small text-faint">
      <Icon name="clock" className="size-3.5" />
      {t.shell.officeTime(zone.replaceAll("_", " "))}
    </p>
  );
}
