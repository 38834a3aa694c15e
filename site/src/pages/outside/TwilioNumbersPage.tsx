/** The outside numbers at Twilio: whether each is set as it should be, a button that mends it, and the way to more. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { changed, type Change, type PageSearch } from "../../core/address.ts";
import { readable } from "../../core/outside.ts";
import { EdgeLoaded, edgeFaultWords, hasEdge, isWithoutEdge } from "../../edge/EdgeLoaded.tsx";
import { adoptNumber, checkNumbers, NUMBERS, numbersQuery, releaseNumber, repairNumber, unassignedQuery } from "../../edge/numbers.ts";
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
import { Card } from "../../ui/Card.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { BuyNumber } from "./BuyNumber.tsx";

const route = getRouteApi("/office/twilio-numbers");

export function TwilioNumbersPage() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("numbers:write");
  const query = useQuery(numbersQuery({ q }));
  const there = !isWithoutEdge(query.error);
  const go = (change: Change<PageSearch>, replace = true) => void navigate({ search: changed(change), replace, resetScroll: false });
  const buy = () => go({ open: "new" }, false);
  return (
    <>
      <PageHead title={t.nav.twilioNumbers} lead={e.numbers.lead}>
        {hasEdge(query) && (
          <div className="flex gap-2">
            <CheckButton />
            {may && (
              <Button look="primary" icon="plus" onClick={buy}>
                {e.numbers.buy}
              </Button>
            )}
          </div>
        )}
      </PageHead>
      {there && (
        <div className="mb-3">
          <SearchBox label={e.numbers.search} value={q} onChange={(next) => go({ q: next })} />
        </div>
      )}
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
      {query.data !== undefined && may && <Unassigned />}
      <p className="mt-3 text-small text-faint">
        {e.numbers.whereTo}{" "}
        <Link to="/numbers" className="text-accent underline">
          {t.nav.numbers}
        </Link>
      </p>
      {open === "new" && <BuyNumber onClose={() => go({ open: undefined })} />}
    </>
  );
}

/** Asks Twilio how the numbers are set now. */
function CheckButton() {
  const say = useSay();
  const client = useQueryClient();
  const check = useMutation({
    mutationFn: checkNumbers,
    onSuccess: () => say(e.numbers.checked),
    onSettled: () => client.invalidateQueries({ queryKey: NUMBERS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <Button icon="restart" busy={check.isPending} onClick={() => check.mutate()} aria-label={e.numbers.check}>
      <span className="max-sm:sr-only">{e.numbers.check}</span>
    </Button>
  );
}

/** Numbers that the account has and no office uses: paid for already. Shown only when there are some. */
function Unassigned() {
  const { data } = useQuery(unassignedQuery);
  const say = useSay();
  const client = useQueryClient();
  const adopt = useMutation({
    mutationFn: adoptNumber,
    onSuccess: ({ number }) => say(e.numbers.adopted(readable(number))),
    onSettled: () => client.invalidateQueries({ queryKey: NUMBERS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Card title={e.numbers.unassigned} className="mt-4">
      <p className="px-4 text-small text-pretty text-soft sm:px-5">{e.numbers.unassignedHelp}</p>
      <ul className="mt-2 divide-y divide-line">
        {data.items.map((each) => (
          <li key={each.number} data-unassigned={each.number} className="flex flex-wrap items-center justify-between gap-3 px-4 py-3 sm:px-5">
            <span className="min-w-0">
              <span className="block font-medium">{readable(each.number)}</span>
              <span className="block truncate text-small text-soft">{each.voice_url === "" ? e.numbers.leadsNowhere : e.numbers.leadsTo(each.voice_url)}</span>
            </span>
            <Button busy={adopt.isPending && adopt.variables.number === each.number} onClick={() => adopt.mutate({ number: each.number, name: each.name.slice(0, 64) })}>
              {e.numbers.adopt}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const TONES: Readonly<Record<OutsideNumber["state"], Tone>> = { ok: "good", drift: "warn", missing: "bad", releasing: "plain", unknown: "plain" };

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
  const mends = number.state === "drift";
  return (
    <li data-number={number.number} className="flex flex-col gap-2 px-4 py-3.5 sm:px-5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="text-lead font-medium">{readable(number.number)}</p>
          <p className="text-small text-soft">
            {[number.name, number.extension === "" ? "" : e.numbers.forExtension(number.extension), e.numbers.kind(number.kind), e.numbers.can(number)].filter((part) => part !== "").join(" · ")}
          </p>
        </div>
        <div className="flex items-center gap-2">
          <StatusMark tone={TONES[number.state]}>{e.numbers.states[number.state]}</StatusMark>
          {may && mends && (
            <Button busy={repair.isPending} onClick={() => repair.mutate()}>
              {e.numbers.repair}
            </Button>
          )}
          {may && <IconButton icon="trash" label={e.numbers.releaseLabel(readable(number.number))} onClick={() => setReleasing(true)} />}
        </div>
      </div>
      {number.drift.length > 0 && (
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
