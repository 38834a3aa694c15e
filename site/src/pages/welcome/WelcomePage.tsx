/** The first hour: an office with a name, people, a phone, and a call that was heard. */
import { useState } from "react";
import { STEPS, type Step } from "../../core/welcome.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { CallStep } from "./CallStep.tsx";
import { DoneStep } from "./DoneStep.tsx";
import { OfficeStep } from "./OfficeStep.tsx";
import { PeopleStep } from "./PeopleStep.tsx";
import { PhoneStep } from "./PhoneStep.tsx";
import { useProgress } from "./progress.ts";

export function WelcomePage() {
  const { step, go, heard, setHeard } = useProgress();
  const [phone, setPhone] = useState<string | undefined>(undefined);
  const at = STEPS.indexOf(step);
  const next = () => go(STEPS[at + 1] ?? "done");
  return (
    <div className="mx-auto max-w-3xl">
      <PageHead title={t.admin.welcome.title} lead={t.admin.welcome.lead} />
      <Steps at={at} onGo={go} heard={heard} />
      <section
        aria-label={t.admin.welcome.steps[step]}
        className="rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-7"
      >
        {step === "office" && <OfficeStep onNext={next} />}
        {step === "people" && <PeopleStep onNext={next} />}
        {step === "phone" && <PhoneStep chosen={phone} onChoose={setPhone} onNext={next} />}
        {step === "call" && (
          <CallStep
            likely={phone}
            onSkip={next}
            onHeard={() => {
              setHeard();
              next();
            }}
          />
        )}
        {step === "done" && <DoneStep heard={heard} onBack={() => go("call")} />}
      </section>
    </div>
  );
}

interface StepsProps {
  readonly at: number;
  readonly heard: boolean;
  readonly onGo: (step: Step) => void;
}

/** Where one is. Every step can be gone back to, and skipped. */
function Steps({ at, heard, onGo }: StepsProps) {
  return (
    <nav aria-label={t.admin.welcome.progress} className="mb-4">
      <ol className="flex gap-1">
        {STEPS.map((step, index) => {
          const past = step === "call" ? heard : index < at;
          return (
            <li key={step} className="min-w-0 flex-1">
              <button
                type="button"
                aria-current={index === at ? "step" : undefined}
                onClick={() => onGo(step)}
                className="group flex min-h-11 w-full min-w-0 flex-col gap-1.5 rounded-lg p-1.5 text-left text-small text-soft hover:text-ink aria-[current=step]:font-medium aria-[current=step]:text-accent"
              >
                <span className={`h-1 w-full rounded-full ${index <= at ? "bg-accent" : "bg-line"}`} />
                <span className="flex min-w-0 items-center gap-1 max-sm:sr-only">
                  {past && <Icon name="check" className="size-3.5" />}
                  <span className="truncate">{t.admin.welcome.steps[step]}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
