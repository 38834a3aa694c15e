/** Tests a trunk step by step, with a real call if somebody wants one. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { plainNumber } from "../../forms/phoneNumber.ts";
import { useSource } from "../../office/source.ts";
import type { TrunkTestReport } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { StatusShape } from "../../ui/StatusMark.tsx";

const TONES = { ok: "good", failed: "bad", skipped: "plain" } as const;
const COLOURS = { ok: "text-good", failed: "text-bad", skipped: "text-faint" } as const;
/** The node itself gives up after a minute. */
const LONGEST_MS = 75_000;

export function TrunkTest({ id }: { readonly id: string }) {
  const { mode } = useSource();
  const [number, setNumber] = useState("");
  const test = useMutation({
    mutationFn: () =>
      request<TrunkTestReport>(`/trunks/${encodeURIComponent(id)}/test`, {
        method: "POST",
        body: number.trim() === "" ? {} : { number: plainNumber(number) },
        timeoutMs: LONGEST_MS,
      }),
  });
  if (mode !== "node") return null;
  return (
    <Section title={t.records.trunks.test}>
      <p className="mb-3 text-small text-pretty text-faint">{t.records.trunks.testHelp}</p>
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-52 flex-1">
          <Field label={t.records.trunks.testNumber} type="tel" value={number} onChange={(event) => setNumber(event.target.value)} />
        </div>
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          {t.records.trunks.testRun}
        </Button>
      </div>
      <div role="status" className="mt-3">
        {test.isPending && <p className="text-soft">{t.records.trunks.testing}</p>}
        {test.data !== undefined && <Report report={test.data} />}
      </div>
      {test.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(test.error, t)}
        </Notice>
      )}
    </Section>
  );
}

function Report({ report }: { readonly report: TrunkTestReport }) {
  return (
    <>
      <p className={`mb-2 font-medium ${report.ok ? "text-good" : "text-bad"}`}>{report.ok ? t.records.trunks.testOk : t.records.trunks.testFailed}</p>
      <ol className="flex flex-col gap-2">
        {report.steps.map((step) => (
          <li key={step.name} className="flex gap-2.5">
            <span className={`mt-1.5 ${COLOURS[step.outcome]}`}>
              <StatusShape tone={TONES[step.outcome]} />
            </span>
            <div className="min-w-0">
              <p>
                <span className="font-medium">{t.records.trunks.steps[step.name] ?? step.name}</span>
                <span className="sr-only">: {t.records.trunks.outcomes[step.outcome]}</span>
              </p>
              <p className="text-soft">{step.text}</p>
              {step.action !== "" && <p>{step.action}</p>}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
