/** What belongs to all conversations: templates, and how texts are handled. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Templates } from "./Templates.tsx";

export function InboxMenu() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="list" onClick={() => setOpen(true)} className="max-sm:hidden">
        {e.texts.templates}
      </Button>
      <Link
        to="/edge"
        search={{ tab: "texts" }}
        aria-label={e.texts.settings}
        title={e.texts.settings}
        className="inline-flex min-h-10 items-center justify-center rounded-lg border border-line bg-surface px-2.5 text-soft hover:border-line-strong hover:bg-hover hover:text-ink md:min-h-9"
      >
        <Icon name="sliders" />
        <span className="sr-only">{t.nav.settings}</span>
      </Link>
      {open && <Templates onClose={() => setOpen(false)} />}
    </>
  );
}
