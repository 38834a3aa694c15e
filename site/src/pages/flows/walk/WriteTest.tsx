/** A made-up call becomes a test of the flow: its name, and what of the outcome must hold. */
import { useState } from "react";
import { useEditor } from "../../../flow/editor.ts";
import { reachedBy, testOf } from "../../../flow/walk/expectation.ts";
import type { FlowScript, FlowTest, Simulation } from "../../../schema.gen.ts";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { useSay } from "../../../ui/toasts.tsx";
import { Tick } from "./Inputs.tsx";
import { useNames } from "./hooks.ts";

interface WriteTestProps {
  readonly script: FlowScript;
  readonly found: Simulation;
  /** The test that this one takes the place of. */
  readonly replaced: FlowTest | undefined;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

export function WriteTest({ script, found, replaced, onDone, onCancel }: WriteTestProps) {
  const { draft, change } = useEditor();
  const names = useNames(draft);
  const say = useSay();
  const [name, setName] = useState(replaced?.name ?? "");
  const [looked, setLooked] = useState(() => ({
    path: replaced?.expect.path !== null,
    end: replaced?.expect.end !== null,
    reaches: replaced !== undefined && replaced.expect.reaches !== null,
  }));
  const [tried, setTried] = useState(false);
  const wanted = name.trim();
  const taken = draft.tests.some((each) => each.name === wanted && each.name !== replaced?.name);
  const fault = wanted === "" ? t.walk.test.nameMissing : taken ? t.walk.test.nameTaken : "";
  const blind = !looked.path && !looked.end && !looked.reaches;

  const save = () => {
    setTried(true);
    if (fault !== "" || blind) return;
    const made = testOf(wanted, script, found, looked);
    const kept = replaced === undefined ? made : { ...made, expect: { ...replaced.expect, ...expected(made) } };
    change(replaced === undefined ? t.walk.test.addTest : t.walk.test.changeTest, (flow) => ({
      ...flow,
      tests:
        replaced === undefined ? [...flow.tests, kept] : flow.tests.map((each) => (each.name === replaced.name ? kept : each)),
    }));
    say(t.walk.test.saved(wanted));
    onDone();
  };

  return (
    <form
      className="flex flex-col gap-4 px-5 py-5"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div>
        <h3 className="text-lead font-semibold">{replaced === undefined ? t.walk.test.write : t.walk.test.update}</h3>
        <p className="text-pretty text-soft">{t.walk.test.writeLead}</p>
      </div>
      <Field
        label={t.walk.test.name}
        help={t.walk.test.nameHelp}
        fault={tried ? fault : ""}
        autoFocus
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 font-medium">{t.walk.test.looks}</legend>
        <Tick
          label={t.walk.test.looksPath}
          checked={looked.path}
          onChange={(path) => setLooked({ ...looked, path })}
        />
        <ol className="ml-6.5 flex flex-col text-small text-faint">
          {found.path.map((step, index) => (
            <li key={index} className="truncate">
              {names.node(step.node)}
              {step.exit ? ` → ${names.exit(step.node, step.exit)}` : ""}
            </li>
          ))}
        </ol>
        <Tick
          label={t.walk.test.looksEnd(t.walk.moment.end[found.end])}
          checked={looked.end}
          onChange={(end) => setLooked({ ...looked, end })}
        />
        <Tick
          label={t.walk.test.looksReaches(reachedBy(found).join(", ") || t.walk.test.nobody)}
          checked={looked.reaches}
          onChange={(reaches) => setLooked({ ...looked, reaches })}
        />
        {tried && blind && <p className="text-small text-bad">{t.walk.test.looksNone}</p>}
      </fieldset>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary">
          {replaced === undefined ? t.walk.test.save : t.walk.test.update}
        </Button>
        <Button onClick={onCancel}>{t.common.cancel}</Button>
      </div>
    </form>
  );
}

/** What was written by hand about words heard and values stays. */
function expected(test: FlowTest): Pick<FlowTest["expect"], "path" | "end" | "reaches"> {
  const { path, end, reaches } = test.expect;
  return { path, end, reaches };
}
