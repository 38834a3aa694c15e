/** The phone as a page of its own: `/phone`, or `/phone?dial=…` for a link. */
import { Link, useSearch } from "@tanstack/react-router";
import { useSession } from "../shell/session.tsx";
import { p } from "../text/phone.ts";
import { Icon, Logo } from "../ui/Icon.tsx";
import { dialable } from "./number.ts";
import { Phone } from "./Phone.tsx";

export function PhonePage() {
  const { user, scopes } = useSession();
  const { dial } = useSearch({ from: "/office/phone" });
  return (
    <main id="content" tabIndex={-1} className="h-dvh outline-none">
      <Phone
        key={dial ?? ""}
        page
        extension={user.extension ?? null}
        dial={dial === undefined ? "" : dialable(dial)}
        mayWrite={scopes.includes("messages:send")}
        lead={
          <Link to="/" aria-label={p.toOffice} title={p.toOffice} className="mr-1 flex items-center gap-1 rounded-lg p-1.5 text-soft hover:bg-hover hover:text-ink">
            <Icon name="chevronLeft" className="size-4" />
            <Logo className="size-7" />
          </Link>
        }
      />
    </main>
  );
}
