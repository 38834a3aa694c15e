/** The outside numbers at Twilio: whether each is set as it should be, a button that mends it, and the way to more. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { readable } from "../../core/outside.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { NUMBERS, numbersQuery, releaseNumber, repairNumber } from "../../edge/numbers.ts";
import type { OutsideNumber } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { BuyNumber } from "./BuyNumber.tsx";

const route = getRouteApi("/office/twilio-numbers");

export function TwilioNumbersPage() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("numbers:write");
  const query = useQuery(numbersQuery({ q }));
  const go = (next: { readonly q?: string; readonly open?: string }, replace = true) => void navigate({ search: next, replace, resetScroll: false });
  const buy = () => go({ ...(q !== "" && { q }), open: "new" }, false);
  return (
    <>
      <PageHead title={t.nav.twilioNumbers} lead={e.numbers.lead}>
        {may && (
          <Button look="primary" icon="plus" onClick={buy}>
            {e.numbers.buy}
          </Button>
        )}
      </PageHead>
      <div className="mb-3">
        <SearchBox label={e.numbers.search} value={q} onChange={(next) => go(next === "" ? {} : { q: next })} />
      </div>
      <Panel label={t.nav.twilioNumbers}>
        <EdgeLoaded query={query}>
          {({ items }) =>
            items.length > 0 ? (
              <ul className="divide-y divide-line">
                {items.map((each) => (
                  <Row key={each.number} number={each} may={may} />
                ))}
              </ul>
            ) : q !== "" ? (
              <EmptyState icon="search" title={e.numbers.noneFound} />
            ) : (
              <EmptyState icon="globe" title={e.numbers.none} help={e.numbers.noneHelp}>
                {may && (
                  <Button look="primary" onClick={buy}>
                    {e.numbers.buyFirst}
                  </Button>
                )}
              </EmptyState>
            )
          }
        </EdgeLoaded>
      </Panel>
      <p className="mt-3 text-small text-faint">
        {e.numbers.whereTo}{" "}
        <Link to="/numbers" className="text-accent underline">
          {t.nav.numbers}
        </Link>
      </p>
      {open === "new" && <BuyNumber onClose={() => go(q === "" ? {} : { q })} />}
    </>
  );
}

function Row({ number, may }: { readonly number: OutsideNumber; readonly may: boolean }) {
  const [releasing, setReleasing] = useState(false);
  const say = useSay();
  const client = useQueryClient();
  const repair = useMutation({
    mutationFn: () => repairNumber(number.number),
    onSuccess: () => say(e.numbers.repaired(readable(number.number))),
    onSettled: () => client.invalidateQueries({ queryKey: NUMBERS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  const well = number.drift.length === 0;
  return (
    <li data-number={number.number} className="flex flex-col gap-2 px-4 py-3.5 sm:px-5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="text-lead font-medium">{readable(number.number)}</p>
          <p className="text-small text-soft">
            {[number.name, e.numbers.kind(number.kind), e.numbers.can(number)].filter((part) => part !== "").join(" · ")}
          </p>
        </div>
        <div className="flex items-center gap-2">
          <StatusMark tone={well ? "good" : "warn"}>{well ? e.numbers.well : e.numbers.drifted}</StatusMark>
          {may && !well && (
            <Button busy={repair.isPending} onClick={() => repair.mutate()}>
              {e.numbers.repair}
            </Button>
          )}
          {may && <IconButton icon="trash" label={e.numbers.releaseLabel(readable(number.number))} onClick={() => setReleasing(true)} />}
        </div>
      </div>
      {!well && (
        <ul className="flex flex-col gap-0.5 text-small text-warn">
          {number.drift.map((each) => (
            <li key={each.what}>{each.words}</li>
          ))}
        </ul>
      )}
      {releasing && <Release number={number} onClose={() => setReleasing(false)} />}
    </li>
  );
}

/** A number that is given back is somebody else's soon: so it is typed, not only clicked. */
function Release({ number, onClose }: { readonly number: OutsideNumber; readonly onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const client = useQueryClient();
  const say = useSay();
  const last = number.number.slice(-4);
  const release = useMutation({
    mutationFn: () => releaseNumber(number.number),
    onSuccess: async () => {
      say(e.numbers.released(readable(number.number)));
      await client.invalidateQueries({ queryKey: NUMBERS });
      onClose();
    },
  });
  return (
    <Confirm
      title={e.numbers.releaseAsk(readable(number.number))}
      help={e.numbers.releaseHelp}
      onClose={onClose}
      fault={
        <div className="mt-3 flex flex-col gap-3">
          <Field label={e.numbers.releaseType(last)} inputMode="numeric" maxLength={4} value={typed} onChange={(event) => setTyped(event.target.value)} />
          {release.error !== null && (
            <Notice tone="bad" alert>
              {edgeFaultWords(release.error)}
            </Notice>
          )}
        </div>
      }
      cancel={
        <Button data-focus-first onClick={onClose}>
          {e.numbers.keep}
        </Button>
      }
      confirm={
        <Button look="danger" busy={release.isPending} disabled={typed !== last} onClick={() => release.mutate()}>
          {e.numbers.release}
        </Button>
      }
    />
  );
}
