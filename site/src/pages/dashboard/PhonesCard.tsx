import { Link } from "@tanstack/react-router";
import { phoneRows, type PhoneRow } from "../../core/phones.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusShape } from "../../ui/StatusMark.tsx";

const MOST_MISSING = 5;

export function PhonesCard() {
  const { data, stale } = useLive();
  return (
    <Card title={t.dashboard.phones} aside={<AsOf />} className="order-2">
      {data !== undefined ? (
        <Fresh>
          <Figures rows={phoneRows(data)} />
        </Fresh>
      ) : stale ? (
        <EmptyState icon="unplugged" title={t.link.never} />
      ) : (
        <Skeleton />
      )}
    </Card>
  );
}

function Figures({ rows }: { readonly rows: readonly PhoneRow[] }) {
  const active = rows.filter((row) => row.state !== "disabled");
  const missing = active.filter((row) => row.devices.length === 0);
  if (rows.length === 0) {
    return (
      <EmptyState icon="phone" title={t.dashboard.phonesNone} help={t.dashboard.phonesNoneHelp}>
        <Link
          to="/phones"
          search={{ open: "new" }}
          className="rounded-lg bg-accent px-4 py-2 font-medium text-on-accent hover:bg-accent-hover"
        >
          {t.dashboard.phonesCreate}
        </Link>
      </EmptyState>
    );
  }
  return (
    <div className="px-4 pt-1 pb-4 sm:px-5">
      <p className="text-figure font-semibold tabular-nums">
        {t.dashboard.phonesRegistered(active.length - missing.length, active.length)}
      </p>
      <Meter part={active.length - missing.length} whole={active.length} />
      {missing.length === 0 ? (
        <p className="mt-3 flex items-center gap-2 text-good">
          <StatusShape tone="good" />
          {t.dashboard.phonesAllWell}
        </p>
      ) : (
        <>
          <p className="mt-3.5 mb-1 text-small text-faint">{t.dashboard.phonesMissing}</p>
          <ul className="-mx-2">
            {missing.slice(0, MOST_MISSING).map(({ extension }) => (
              <li key={extension.number}>
                <Link
                  to="/phones"
                  search={{ open: extension.number }}
                  className="flex min-h-9 items-center gap-2.5 rounded-lg px-2 hover:bg-hover"
                >
                  <StatusShape tone="plain" className="size-2.5 text-faint" />
                  <span className="tabular-nums">{extension.number}</span>
                  <span className="truncate text-soft">{extension.name}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
      <Link to="/phones" className="mt-2 inline-block text-small font-medium text-accent hover:underline">
        {t.dashboard.allPhones}
      </Link>
    </div>
  );
}

function Meter({ part, whole }: { readonly part: number; readonly whole: number }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 100 4" preserveAspectRatio="none" className="mt-2 h-1.5 w-full overflow-hidden rounded-full">
      <rect width="100" height="4" className="fill-sunken" />
      <rect width={whole === 0 ? 0 : (part / whole) * 100} height="4" className="fill-good-line" />
    </svg>
  );
}
