/** The phones as a table; on narrow screens each becomes a card of two lines. */
import { Link } from "@tanstack/react-router";
import type { PhoneRow } from "../../core/phones.ts";
import { t } from "../../text/index.ts";
import { Expiry } from "./Expiry.tsx";
import { PhoneMark } from "./PhoneMark.tsx";

interface PhoneTableProps {
  readonly rows: readonly PhoneRow[];
  readonly query: string;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (numbers: ReadonlySet<string>) => void;
}

export function PhoneTable({ rows, query, selected, onSelect }: PhoneTableProps) {
  const all = rows.every((row) => selected.has(row.extension.number));
  return (
    <table className="w-full table-fixed text-left max-md:block">
      <thead className="border-b border-line text-small text-faint max-md:sr-only">
        <tr>
          <td className="w-11 pl-5">
            <input
              type="checkbox"
              aria-label={t.records.phone.selectAll}
              checked={all}
              onChange={() => onSelect(new Set(all ? [] : rows.map((row) => row.extension.number)))}
              className="size-4 accent-accent align-middle"
            />
          </td>
          <Head className="w-20">{t.phones.number}</Head>
          <Head>{t.phones.name}</Head>
          <Head className="w-46">{t.phones.state}</Head>
          <Head className="w-[27%] max-md:hidden">{t.phones.device}</Head>
          <Head className="w-40 max-lg:hidden">{t.phones.address}</Head>
          <Head className="w-28 pr-5 max-md:hidden">{t.phones.expires}</Head>
        </tr>
      </thead>
      <tbody className="divide-y divide-line max-md:block">
        {rows.map((row) => (
          <Row
            key={row.extension.number}
            row={row}
            query={query}
            selected={selected.has(row.extension.number)}
            onSelect={(on) => {
              const next = new Set(selected);
              if (on) next.add(row.extension.number);
              else next.delete(row.extension.number);
              onSelect(next);
            }}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly row: PhoneRow;
  readonly query: string;
  readonly selected: boolean;
  readonly onSelect: (on: boolean) => void;
}

function Row({ row, query, selected, onSelect }: RowProps) {
  const { extension, devices } = row;
  const first = devices[0];
  return (
    <tr
      data-phone={extension.number}
      className={`group relative hover:bg-hover max-md:grid max-md:grid-cols-[2rem_minmax(2rem,auto)_minmax(0,1fr)_auto] max-md:items-center max-md:px-4 max-md:py-2.5 ${extension.enabled ? "" : "text-faint"}`}
    >
      <td className="relative z-10 w-11 pl-5 max-md:w-8 max-md:p-0">
        <input
          type="checkbox"
          aria-label={t.records.phone.select(`${extension.number} ${extension.name}`)}
          checked={selected}
          onChange={(event) => onSelect(event.target.checked)}
          className="size-4 accent-accent align-middle"
        />
      </td>
      <td className="px-2 py-3 font-semibold tabular-nums max-md:p-0">{extension.number}</td>
      <td className="px-2 py-3 max-md:py-0">
        <Link
          to="/phones"
          search={{ ...(query === "" ? {} : { q: query }), open: extension.number }}
          resetScroll={false}
          aria-label={t.phones.drawerLabel(extension.number, extension.name)}
          className="block truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
        >
          {extension.name}
        </Link>
        <span className="block truncate text-small text-faint md:hidden">{first?.user_agent}</span>
      </td>
      <td className="px-2 py-3 max-md:p-0">
        <PhoneMark row={row} />
      </td>
      <td className="truncate px-2 py-3 text-soft max-md:hidden">{deviceWords(row)}</td>
      <td className="truncate px-2 py-3 text-soft max-lg:hidden">{first?.source}</td>
      <td className="py-3 pr-5 pl-2 text-soft max-md:hidden">
        {first !== undefined && <Expiry at={first.expires_at} />}
      </td>
    </tr>
  );
}

function Head({ children, className = "" }: { readonly children: string; readonly className?: string }) {
  return (
    <th scope="col" className={`px-2 py-2.5 font-normal ${className}`}>
      {children}
    </th>
  );
}

function deviceWords({ devices }: PhoneRow): string {
  const first = devices[0];
  if (first === undefined) return "";
  const name = first.user_agent || t.phones.deviceUnnamed;
  return devices.length > 1 ? t.phones.andMore(name, devices.length - 1) : name;
}
