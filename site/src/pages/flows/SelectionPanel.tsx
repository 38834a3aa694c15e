/** What can be done to several things at once. */
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { useEditorState, useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";
import { isWire } from "./store.ts";

export function SelectionPanel() {
  const { store, act } = useWorkshop();
  const selection = useEditorState(store, (state) => state.selection);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const count = [...selection].filter((each) => !isWire(each)).length;
  return (
    <section aria-label={t.flows.chosen(count)} className="flex flex-col gap-2 px-4 py-4">
      <h2 className="text-lead font-semibold">{t.flows.chosen(count)}</h2>
      <p className="mb-2 text-pretty text-soft">{t.flows.chosenHelp}</p>
      {!readOnly && (
        <>
          <Button onClick={act.duplicate}>
            <FlowIcon name="duplicate" />
            {t.flows.duplicate}
          </Button>
          <Button onClick={act.tidy}>
            <FlowIcon name="tidy" />
            {t.flows.tidy}
          </Button>
          <Button icon="trash" look="danger" onClick={act.remove}>
            {t.flows.removeNodes}
          </Button>
        </>
      )}
    </section>
  );
}
