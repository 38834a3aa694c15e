/** Texts that are needed often: picked into the box, or changed. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { templatesQuery } from "../../edge/texts.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { Templates } from "./Templates.tsx";

export function TemplatePicker({ onPick }: { readonly onPick: (text: string) => void }) {
  const [open, setOpen] = useState(false);
  // Fetched before it is asked for: a template is picked to be quick.
  useQuery(templatesQuery);
  return (
    <>
      <Button look="quiet" icon="list" onClick={() => setOpen(true)}>
        <span className="max-sm:sr-only">{e.texts.templates}</span>
      </Button>
      {open && (
        <Templates
          onClose={() => setOpen(false)}
          onPick={(text) => {
            setOpen(false);
            onPick(text);
          }}
        />
      )}
    </>
  );
}
