/** The bar above the canvas: which flow, where its draft is, and the tools. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState, useSyncExternalStore } from "react";
import { faultWords } from "../../core/problem.ts";
import { replaceWith } from "../../flow/commands.ts";
import { formatFlow, parseFlow } from "../../flow/transfer.ts";
import { useSource } from "../../office/source.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { useEditorState, useWorkshop } from "./context.ts";
import { Menu, type MenuItem } from "./Menu.tsx";
import { NewFlow } from "./NewFlow.tsx";
import { ToolButton } from "./NodePanel.tsx";
import { PANELS, TOOLBAR_EXTRAS } from "./panels.tsx";
import { download, fileName, FLOW_STATES, flowStatesQuery, unpublishFlow } from "./queries.ts";
import { StateLine } from "./StateLine.tsx";

interface TopBarProps {
  readonly asList: boolean;
  readonly onList: () => void;
  readonly palette: boolean;
  readonly onPalette: () => void;
  readonly panel: string | undefined;
  readonly onPanel: (id: string) => void;
  readonly onFind: () => void;
  readonly onSheet: () => void;
  readonly onPublish: () => void;
}

export function TopBar(props: TopBarProps) {
  const { store, act, faults, keeper } = useWorkshop();
  const flow = useEditorState(store, (state) => state.history.present);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const canUndo = useEditorState(store, (state) => state.history.past.at(-1)?.what);
  const canRedo = useEditorState(store, (state) => state.history.future[0]?.what);
  const save = useSyncExternalStore(keeper.subscribe, keeper.get);
  const source = useSource();
  const say = useSay();
  const { data } = useQuery({ ...flowStatesQuery, enabled: source.mode === "node" });
  const state = data?.items.find((each) => each.flow === flow.number);
  const wrong = faults.filter((fault) => !fault.warning).length;
  const live = state !== undefined && state.live !== null;
  const fresh = live && !state.changed && save.is === "saved";
  const told = (what: string | undefined, words: (what: string) => string) => {
    if (what !== undefined) say(words(what));
  };
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-1 gap-y-0.5 border-b border-line bg-surface px-2 py-1">
      <Link to="/flows" search={{}} aria-label={t.flows.back} title={t.flows.back} className="inline-flex size-10 items-center justify-center rounded-lg text-soft hover:bg-hover hover:text-ink md:size-9">
        <Icon name="chevronLeft" className="size-5" />
      </Link>
      <div className="mr-auto min-w-0 basis-40 flex-1 px-1">
        <h1 className="truncate font-semibold">
          <span className="mr-2 text-faint tabular-nums">{flow.number}</span>
          {flow.name}
        </h1>
        <StateLine />
      </div>
      <div role="toolbar" aria-label={t.flows.tools} className="flex flex-wrap items-center">
        {TOOLBAR_EXTRAS.map((Extra, index) => (
          <Extra key={index} />
        ))}
        <ToolButton icon="undo" label={canUndo === undefined ? t.flows.undo : t.flows.undoWhat(canUndo)} keys="Ctrl Z" disabled={readOnly || canUndo === undefined} onClick={() => told(store.undo(), t.flows.undid)} />
        <ToolButton icon="redo" label={canRedo === undefined ? t.flows.redo : t.flows.redoWhat(canRedo)} keys="Ctrl Y" disabled={readOnly || canRedo === undefined} onClick={() => told(store.redo(), t.flows.redid)} />
        <span className="mx-1 h-5 border-l border-line max-md:hidden" />
        <span className="contents max-md:hidden">
          <ToolButton icon="palette" label={t.flows.palette} pressed={props.palette} onClick={props.onPalette} />
          <ToolButton icon="tidy" label={t.flows.tidy} keys="L" disabled={readOnly} onClick={act.tidy} />
          <ToolButton icon="fit" label={t.flows.fit} keys="F" onClick={act.fit} />
          <ToolButton icon="note" label={t.flows.addNote} keys="T" disabled={readOnly} onClick={act.addNote} />
        </span>
        <ToolButton icon={props.asList ? "canvas" : "list"} label={props.asList ? t.flows.showCanvas : t.flows.showList} keys="V" onClick={props.onList} />
        <span className="contents max-sm:hidden">
          <IconButton icon="search" label={`${t.flows.find} (Ctrl F)`} onClick={props.onFind} />
        </span>
        {PANELS.length > 0 && <span className="mx-1 h-5 border-l border-line" />}
        {PANELS.map((panel) => (
          <button
            key={panel.id}
            type="button"
            aria-pressed={props.panel === panel.id}
            title={panel.title()}
            onClick={() => props.onPanel(panel.id)}
            className="inline-flex min-h-10 items-center gap-1.5 rounded-lg px-2.5 text-soft hover:bg-hover hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent md:min-h-9"
          >
            <Icon name={panel.icon} className="size-[1.125rem]" />
            <span className="max-xl:sr-only">{panel.title()}</span>
          </button>
        ))}
        <MoreMenu onFind={props.onFind} onSheet={props.onSheet} live={live} />
        {source.mode === "node" && (
          <Button look="primary" className="ml-1" disabled={readOnly || fresh} title={fresh ? t.flows.liveAlready : undefined} onClick={props.onPublish}>
            {t.flows.publish}
            {wrong > 0 && (
              <span className="rounded-full bg-on-accent/20 px-1.5 text-label tabular-nums">
                {wrong}
                <span className="sr-only"> {t.flows.faults(wrong)}</span>
              </span>
            )}
          </Button>
        )}
      </div>
    </header>
  );
}

function MoreMenu({ onFind, onSheet, live }: { readonly onFind: () => void; readonly onSheet: () => void; readonly live: boolean }) {
  const { store, act } = useWorkshop();
  const client = useQueryClient();
  const source = useSource();
  const navigate = useNavigate();
  const say = useSay();
  const file = useRef<HTMLInputElement>(null);
  const [asking, setAsking] = useState<"unpublish" | "copy">();
  const read = async (chosen: File | undefined) => {
    const flow = chosen === undefined ? undefined : parseFlow(await chosen.text());
    if (chosen === undefined) return;
    if (flow === undefined) say(t.flows.noFlowFile(chosen.name));
    else {
      store.change(t.flows.did.import, (now) => replaceWith(now, flow));
      requestAnimationFrame(act.fit);
    }
  };
  const unpublish = async () => {
    try {
      await unpublishFlow(store.draft.number);
      say(t.flows.unpublished);
      store.set({ stored: store.get().stored + 1 });
      void client.invalidateQueries({ queryKey: FLOW_STATES });
    } catch (fault) {
      say(faultWords(fault, t));
    }
    setAsking(undefined);
  };
  const items: readonly MenuItem[] = [
    { icon: "list", label: t.flows.find, run: onFind },
    { icon: "tidy", label: t.flows.tidy, run: act.tidy },
    { icon: "note", label: t.flows.addNote, run: act.addNote },
    { icon: "duplicate", label: t.flows.copyFlow, run: () => setAsking("copy") },
    { icon: "download", label: t.flows.export, run: () => download(fileName(store.shown), formatFlow(store.shown)) },
    { icon: "upload", label: t.flows.import, run: () => file.current?.click() },
    { icon: "keyboard", label: t.flows.shortcuts, run: onSheet },
    ...(live && source.mode === "node" ? [{ icon: "hang_up", label: t.flows.unpublish, danger: true, run: () => setAsking("unpublish") }] : []),
  ];
  return (
    <>
      <Menu label={t.flows.more} items={items} />
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        aria-label={t.flows.import}
        className="hidden"
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      {asking === "copy" && <NewFlow start={{ flow: store.draft }} onClose={() => setAsking(undefined)} onMade={(number) => void navigate({ to: "/flows/$number", params: { number } })} />}
      {asking === "unpublish" && (
        <Confirm
          title={t.flows.unpublishTitle}
          help={t.flows.unpublishHelp}
          onClose={() => setAsking(undefined)}
          cancel={
            <Button data-focus-first onClick={() => setAsking(undefined)}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button look="danger" onClick={() => void unpublish()}>
              {t.flows.unpublish}
            </Button>
          }
        />
      )}
    </>
  );
}
