/** What a trunk leads to decides how its form begins. */
import type { Data } from "../../forms/json.ts";
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Icon } from "../../ui/Icon.tsx";

const DRAFTS = {
  login: { kind: "provider", register: true },
  address: { kind: "provider", register: false },
  encrypted: { kind: "provider", register: true, transport: "tls" },
  office: { kind: "office", register: false, number_format: "as_dialled" },
} as const;

export function NewTrunk({ onChoose, onClose }: { readonly onChoose: (draft: Data) => void; readonly onClose: () => void }) {
  return (
    <Dialog shape="wide" label={t.records.trunks.beginTitle} onClose={onClose}>
      <DrawerHead title={t.records.trunks.beginTitle} lead={t.records.trunks.beginLead} onClose={onClose} />
      <ul className="flex flex-col gap-3 overflow-y-auto p-5">
        {(Object.keys(DRAFTS) as (keyof typeof DRAFTS)[]).map((name, index) => (
          <li key={name}>
            <button
              type="button"
              data-focus-first={index === 0 || undefined}
              onClick={() => onChoose(DRAFTS[name])}
              className="flex w-full items-center gap-4 rounded-xl border border-line p-4 text-left hover:border-line-strong hover:bg-hover"
            >
              <span className="min-w-0 flex-1">
                <span className="block font-medium">{t.records.trunks.beginings[name].title}</span>
                <span className="block text-pretty text-soft">{t.records.trunks.beginings[name].help}</span>
              </span>
              <Icon name="chevronRight" className="size-4 text-faint" />
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
