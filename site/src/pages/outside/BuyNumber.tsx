/** A number to buy: where it should be, which are free, what it costs, and a last question. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { readable } from "../../core/outside.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { buyNumber, forSaleQuery, giveNumber, NUMBERS, type ForSaleFilter } from "../../edge/numbers.ts";
import type { NumberForSale } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";
import { useSay } from "../../ui/toasts.tsx";

const COUNTRIES = ["US", "CA", "GB", "DE", "AT", "CH", "FR", "NL", "ES", "IT", "AU"] as const;
const KINDS = ["local", "toll_free", "mobile"] as const;
/** Where Twilio knows area codes of three digits. */
const AREAS = new Set(["US", "CA"]);
const BEGIN: ForSaleFilter = { country: "US", kind: "local", area_code: "", contains: "" };

interface BuyNumberProps {
  readonly onClose: () => void;
  /** For whom: the number rings there at once. */
  readonly extension?: { readonly number: string; readonly name: string };
  readonly onBought?: (number: string) => void;
}

export function BuyNumber({ onClose, extension, onBought }: BuyNumberProps) {
  const [form, setForm] = useState(BEGIN);
  const [asked, setAsked] = useState<ForSaleFilter>();
  const [chosen, setChosen] = useState<NumberForSale>();
  const put = (change: Partial<ForSaleFilter>) => setForm((before) => ({ ...before, ...change }));
  const countries = new Intl.DisplayNames(t.locale, { type: "region" });
  return (
    <Dialog shape="side" label={e.numbers.buy} onClose={onClose}>
      <DrawerHead title={extension === undefined ? e.numbers.buy : e.numbers.buyFor(extension.name)} lead={e.numbers.buyLead} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {chosen !== undefined ? (
          <Confirmation
            number={chosen}
            {...(extension !== undefined && { extension })}
            onBack={() => setChosen(undefined)}
            onBought={(number) => {
              onBought?.(number);
              onClose();
            }}
          />
        ) : (
          <>
            <form
              className="flex flex-col gap-4 border-b border-line p-5"
              onSubmit={(event) => {
                event.preventDefault();
                setAsked({ ...form, area_code: form.kind === "local" && AREAS.has(form.country) ? form.area_code : "" });
              }}
            >
              <div className="grid gap-4 sm:grid-cols-2">
                <Select label={e.numbers.country} value={form.country} onChoose={(country) => put({ country })} options={COUNTRIES.map((code) => [code, countries.of(code) ?? code] as const)} data-focus-first />
                <Select label={e.numbers.kindLabel} value={form.kind} onChoose={(kind) => put({ kind })} options={KINDS.map((kind) => [kind, e.numbers.kind(kind)] as const)} />
                {form.kind === "local" && AREAS.has(form.country) && (
                  <Field label={e.numbers.areaCode} help={e.numbers.areaCodeHelp} inputMode="numeric" maxLength={3} value={form.area_code} onChange={(event) => put({ area_code: event.target.value.replaceAll(/\D/g, "") })} />
                )}
                <Field label={e.numbers.contains} help={e.numbers.containsHelp} maxLength={10} value={form.contains} onChange={(event) => put({ contains: event.target.value.replaceAll(/[^0-9A-Za-z*]/g, "") })} />
              </div>
              <Button type="submit" look="primary" icon="search" className="self-start">
                {e.numbers.find}
              </Button>
            </form>
            {asked !== undefined && <Found filter={asked} onChoose={setChosen} />}
          </>
        )}
      </div>
    </Dialog>
  );
}

function Found({ filter, onChoose }: { readonly filter: ForSaleFilter; readonly onChoose: (number: NumberForSale) => void }) {
  const query = useQuery(forSaleQuery(filter));
  return (
    <EdgeLoaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon="search" title={e.numbers.noneFree} help={e.numbers.noneFreeHelp} />
        ) : (
          <ul className="divide-y divide-line">
            {items.map((each) => (
              <li key={each.number} data-for-sale={each.number} className="flex items-center justify-between gap-3 px-5 py-3">
                <span className="min-w-0">
                  <span className="block font-medium">{readable(each.number)}</span>
                  <span className="block text-small text-soft">{[each.place, each.region, e.numbers.can(each)].filter((part) => part !== "").join(" · ")}</span>
                </span>
                {each.needs_address ? (
                  <span className="max-w-40 text-right text-small text-faint">{e.numbers.needsAddress}</span>
                ) : (
                  <Button onClick={() => onChoose(each)}>{e.numbers.choose}</Button>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </EdgeLoaded>
  );
}

function price({ price, currency }: NumberForSale): string {
  const amount = Number(price);
  return Number.isFinite(amount) && /^[A-Z]{3}$/.test(currency) ? amount.toLocaleString(t.locale, { style: "currency", currency }) : `${price} ${currency}`.trim();
}

interface ConfirmationProps {
  readonly number: NumberForSale;
  readonly extension?: { readonly number: string; readonly name: string };
  readonly onBack: () => void;
  readonly onBought: (number: string) => void;
}

function Confirmation({ number, extension, onBack, onBought }: ConfirmationProps) {
  const [name, setName] = useState("");
  const [agreed, setAgreed] = useState(false);
  // Pressed twice, or sent again after the line broke, it is bought once.
  const [order] = useState(() => crypto.randomUUID());
  const say = useSay();
  const client = useQueryClient();
  const buy = useMutation({
    mutationFn: (): Promise<{ readonly number: string }> => {
      const wish = { number: number.number, country: number.country, kind: number.kind, order };
      return extension === undefined ? buyNumber({ ...wish, name: name.trim() }) : giveNumber(extension.number, wish);
    },
    onSuccess: async (bought) => {
      say(e.numbers.bought(readable(bought.number)));
      await client.invalidateQueries({ queryKey: NUMBERS });
      onBought(bought.number);
    },
  });
  return (
    <form
      className="flex flex-col gap-4 p-5"
      onSubmit={(event) => {
        event.preventDefault();
        buy.mutate();
      }}
    >
      <p className="text-title font-semibold tabular-nums">{readable(number.number)}</p>
      <p className="text-soft">{[number.place, number.region, e.numbers.can(number)].filter((part) => part !== "").join(" · ")}</p>
      {extension === undefined && <Field label={e.numbers.name} help={e.numbers.nameHelp} maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />}
      <Notice tone="warn">
        <p className="font-medium">{number.price === "" ? e.numbers.costs : e.numbers.costsExactly(price(number))}</p>
        <p>{e.numbers.costsHelp}</p>
      </Notice>
      {extension !== undefined && <Notice tone="plain" icon="phone">{e.numbers.willRing(extension.name)}</Notice>}
      <label className="flex items-start gap-2.5">
        <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} className="mt-1 size-4 accent-accent" />
        <span>{e.numbers.agree}</span>
      </label>
      {buy.error !== null && (
        <Notice tone="bad" alert>
          {edgeFaultWords(buy.error)}
        </Notice>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onBack}>{e.numbers.another}</Button>
        <Button type="submit" look="primary" busy={buy.isPending} disabled={!agreed}>
          {e.numbers.buyThis}
        </Button>
      </div>
    </form>
  );
}
