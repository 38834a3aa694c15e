/** How far the wizard is, kept in this browser: it can be left and taken up again. */
import { STEPS, type Step } from "../../core/welcome.ts";
import { useChoice } from "../../shell/stored.ts";

const STEP = "bellwire.welcome";
const HEARD = "bellwire.welcome.heard";

export interface Progress {
  readonly step: Step;
  readonly go: (step: Step) => void;
  /** Whether a test call was heard: what the wizard is for. */
  readonly heard: boolean;
  readonly setHeard: () => void;
}

export function useProgress(): Progress {
  const [stored, setStep] = useChoice(STEP, "office");
  const [heard, setHeard] = useChoice(HEARD, "");
  return {
    step: STEPS.find((each) => each === stored) ?? "office",
    go: (step) => {
      setStep(step);
      window.scrollTo({ top: 0 });
    },
    heard: heard === "yes",
    setHeard: () => setHeard("yes"),
  };
}
