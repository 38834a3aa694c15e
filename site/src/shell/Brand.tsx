/** Whose telephones these are. With several offices it is the switch between them. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { HERE, offices } from "../api/place.ts";
import { settingsQuery } from "../api/queries.ts";
import { t } from "../text/index.ts";
import { Icon, Logo } from "../ui/Icon.tsx";

export function Brand({ narrow = false }: { readonly narrow?: boolean }) {
  const { data } = useQuery(settingsQuery);
  const name = HERE.name || (data?.office_name ?? "");
  const inside = (
    <>
      <Logo className="size-7" />
      <span className={narrow ? "sr-only" : "min-w-0"}>
        <span className={`block truncate font-semibold tracking-tight ${name === "" ? "text-lead" : "leading-5"}`}>
          {name || t.product}
        </span>
        {name !== "" && <span className="block text-label leading-4 text-faint">{t.product}</span>}
      </span>
    </>
  );
  if (offices().length < 2) return <p className="flex min-w-0 items-center gap-2.5">{inside}</p>;
  return (
    <Link
      to="/connect"
      title={t.connect.switch}
      className="-ml-1.5 flex min-w-0 items-center gap-2.5 rounded-lg p-1.5 hover:bg-hover"
    >
      {inside}
      {!narrow && <Icon name="chevronDown" className="size-3.5 text-faint" />}
      <span className="sr-only">, {t.connect.switch}</span>
    </Link>
  );
}
