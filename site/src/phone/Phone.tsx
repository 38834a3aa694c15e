/** The phone: calls first, below them whom to call. Docked, on a small screen, or wide with both side by side. */
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { PocketOffer } from "../pocket/PocketOffer.tsx";
import { WaitingCall } from "../pocket/WaitingCall.tsx";
import { p } from "../text/phone.ts";
import { IconButton } from "../ui/Button.tsx";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { Badge } from "./Badge.tsx";
import { CallStage, type CallPanel } from "./CallStage.tsx";
import { CallStrip } from "./CallStrip.tsx";
import { desk } from "./desk.ts";
import { DialPane, useRedial, useTarget } from "./DialPane.tsx";
import { History } from "./History.tsx";
import { KeySheet } from "./KeySheet.tsx";
import { Messages } from "./Messages.tsx";
import { ParkedLamps } from "./Parking.tsx";
import { People } from "./People.tsx";
import "./phone.css";
import { PhoneIcon } from "./PhoneIcon.tsx";
import { useProfile } from "./queries.ts";
import { Settings } from "./Settings.tsx";
import { Start } from "./Start.tsx";
import { foremost, ringing, useHere, usePhone } from "./usePhone.ts";
import { usePhoneKeys } from "./usePhoneKeys.ts";
import { Voicemails } from "./Voicemails.tsx";

export type Tab = "keypad" | "people" | "history" | "voicemail" | "messages";

interface PhoneProps {
  readonly extension: string | null;
  /** A page of its own: keys work everywhere, and a wide screen shows two columns. */
  readonly page?: boolean;
  /** What was asked to be called by a link. */
  readonly dial?: string;
  readonly mayWrite: boolean;
  /** Left and right in the head. */
  readonly lead?: ReactNode;
  readonly aside?: ReactNode;
}

export function Phone({ extension, page = false, dial = "", mayWrite, lead, aside }: PhoneProps) {
  const { phase, calls, login } = usePhone();
  const here = useHere();
  const [settings, setSettings] = useState(false);
  const on = phase === "on";
  useEffect(() => {
    if (extension !== null && extension !== "") desk.enter(extension);
  }, [extension]);
  return (
    <div className="flex h-full min-h-0 flex-col bg-canvas">
      <header className="flex items-center gap-2 border-b border-line bg-surface py-2 pr-2 pl-3">
        {lead}
        <div className="min-w-0 flex-1">
          <h1 className="truncate leading-5 font-semibold">{login?.name !== undefined && login.name !== "" ? login.name : p.title}</h1>
          {extension !== null && <p className="truncate text-label text-faint">{p.extension(extension)}</p>}
        </div>
        {on && <Badge />}
        {on && <IconButton icon="sliders" label={p.settings.title} onClick={() => setSettings(true)} />}
        {aside}
      </header>
      {on && here && <Silenced />}
      {on && !here && <Elsewhere busy={calls.length > 0} />}
      {on && page && <PocketOffer />}
      {on ? <Open page={page} dial={dial} mayWrite={mayWrite} /> : <Start extension={extension} />}
      {settings && <Settings onClose={() => setSettings(false)} />}
    </div>
  );
}

function Elsewhere({ busy }: { readonly busy: boolean }) {
  return (
    <div role="status" className="flex items-center gap-3 border-b border-line bg-accent-soft px-4 py-2 text-small text-accent">
      <span className="flex-1 text-pretty">{p.elsewhere}</span>
      {!busy && (
        <button type="button" onClick={() => desk.takeOver()} className="shrink-0 rounded-lg border border-accent/40 px-2.5 py-1 font-medium hover:border-accent">
          {p.takeOver}
        </button>
      )}
    </div>
  );
}

const PRESSES = ["pointerdown", "keydown"] as const;

function subscribeToPresses(listener: () => void): () => void {
  // What a press allows is known a moment later.
  const later = () => setTimeout(listener, 50);
  for (const each of PRESSES) window.addEventListener(each, later);
  return () => {
    for (const each of PRESSES) window.removeEventListener(each, later);
  };
}

/** Browsers let a page make sounds after the first press on it; until then it could not ring. */
function Silenced() {
  const pressed = useSyncExternalStore(subscribeToPresses, () => !("userActivation" in navigator) || navigator.userActivation.hasBeenActive);
  if (pressed) return null;
  return (
    <p role="status" className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-2 text-small text-warn">
      <Icon name="speaker" className="size-4" />
      {p.silenced}
    </p>
  );
}

interface OpenProps {
  readonly page: boolean;
  readonly dial: string;
  readonly mayWrite: boolean;
}

function Open({ page, dial, mayWrite }: OpenProps) {
  const { calls, login } = usePhone();
  const root = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const noteBox = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState(dial);
  const [tab, setTab] = useState<Tab>("keypad");
  const [chosen, setChosen] = useState("");
  /** A call goes on, but somebody else is looked for. */
  const [aside, setAside] = useState(false);
  const [panel, setPanel] = useState<CallPanel>(undefined);
  const [keys, setKeys] = useState(false);
  const [thread, setThread] = useState("");
  const redial = useRedial();
  const target = useTarget(typed);

  const rings = calls.find(ringing);
  const front = rings !== undefined && !calls.some((each) => each.state === "talking") ? rings : (calls.find((each) => each.id === chosen) ?? foremost(calls));
  const shown = front !== undefined && (!aside || calls.every((each) => each.state === "ended")) ? front : undefined;
  const strips = calls.filter((each) => each.id !== shown?.id);

  const call = (number: string, name: string) => {
    desk.do({ do: "dial", target: number, name });
    setTyped("");
    setAside(false);
    setChosen("");
    setPanel(undefined);
    // Not on the button that called: the space bar mutes now, and calls nobody twice.
    root.current?.focus();
  };
  const write = (number: string) => {
    setThread(number);
    setTab("messages");
    setAside(calls.length > 0);
  };
  usePhoneKeys(root, page, {
    front: shown ?? front,
    type: (key) => {
      setTab("keypad");
      setTyped((before) => before + key);
      box.current?.focus();
    },
    redialOrCall: () => {
      if (typed.trim() !== "" && target.number !== "") call(target.number, target.name);
      else if (typed.trim() === "" && redial !== undefined) call(redial.number, redial.name);
    },
    clear: () => {
      if (panel !== undefined) setPanel(undefined);
      else setTyped("");
    },
    open: (what) => {
      if (what === "keys") setKeys(true);
      else if (what === "note") noteBox.current?.focus();
      else setPanel(what);
    },
  });

  const stage = shown !== undefined && (
    <CallStage
      key={shown.id}
      call={shown}
      panel={panel}
      onPanel={setPanel}
      onNewCall={() => {
        setAside(true);
        setTab("keypad");
      }}
      onDial={call}
      onWrite={write}
      noteBox={noteBox}
    />
  );
  const pad = <DialPane typed={typed} onType={setTyped} onDial={call} box={box} />;
  const lists = (wide: boolean) => (
    <>
      {tab === "people" && <People onDial={call} onWrite={mayWrite ? (person) => write(person.number) : undefined} />}
      {tab === "history" && <History onDial={call} />}
      {tab === "voicemail" && <Voicemails onDial={call} />}
      {tab === "messages" && <Messages own={login?.extension ?? ""} with={thread} onOpen={setThread} />}
      {tab === "keypad" && (wide ? <People onDial={call} onWrite={mayWrite ? (person) => write(person.number) : undefined} /> : pad)}
    </>
  );
  const top = (
    <>
      {page && <WaitingCall />}
      {strips.length > 0 && (
        <ul aria-label={p.call.active} className="flex flex-col gap-1.5">
          {strips.map((each) => (
            <CallStrip
              key={each.id}
              call={each}
              onFront={() => {
                setChosen(each.id);
                setAside(false);
                setPanel(undefined);
              }}
            />
          ))}
        </ul>
      )}
      <ParkedLamps />
    </>
  );
  return (
    <div ref={root} data-phone tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
      <Announce />
      <div className={`flex min-h-0 flex-1 flex-col ${page ? "lg:hidden" : ""}`}>
        <div className="flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto px-4 py-3">
          {top}
          {shown !== undefined ? stage : lists(false)}
        </div>
        {shown === undefined && <Tabs tab={tab} onTab={setTab} mayWrite={mayWrite} />}
      </div>
      {page && (
        <div className="mx-auto hidden min-h-0 w-full max-w-6xl flex-1 grid-cols-[minmax(0,1fr)_25rem] gap-6 px-6 py-6 lg:grid">
          <section className="flex min-h-0 flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
            <Tabs tab={tab === "keypad" ? "people" : tab} onTab={setTab} mayWrite={mayWrite} wide />
            <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4">{lists(true)}</div>
          </section>
          <section className="flex min-h-0 flex-col gap-3 overflow-y-auto rounded-2xl border border-line bg-surface px-5 py-5 shadow-card">
            {top}
            {shown !== undefined ? stage : pad}
          </section>
        </div>
      )}
      {keys && <KeySheet onClose={() => setKeys(false)} />}
    </div>
  );
}

/** What rings is read aloud at once. */
function Announce() {
  const rings = usePhone().calls.find(ringing);
  return (
    <p role="alert" className="sr-only">
      {rings === undefined ? "" : p.call.incomingFrom(rings.peer.name === "" ? rings.peer.number : rings.peer.name)}
    </p>
  );
}

const TABS: readonly (readonly [Tab, IconName | "keypad"])[] = [
  ["keypad", "keypad"],
  ["people", "people"],
  ["history", "history"],
  ["voicemail", "voicemail"],
  ["messages", "chat"],
];

interface TabsProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  readonly mayWrite: boolean;
  readonly wide?: boolean;
}

function Tabs({ tab, onTab, mayWrite, wide = false }: TabsProps) {
  const { data } = useProfile();
  const unheard = data?.unheard ?? 0;
  const tabs = TABS.filter(([each]) => (each !== "messages" || mayWrite) && (each !== "keypad" || !wide));
  return (
    <nav
      aria-label={p.title}
      className={
        wide ? "flex gap-1 border-b border-line px-3 py-2" : "grid shrink-0 auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)]"
      }
    >
      {tabs.map(([each, icon]) => (
        <button
          key={each}
          type="button"
          aria-current={tab === each ? "page" : undefined}
          onClick={() => onTab(each)}
          className={
            wide
              ? "relative flex min-h-10 items-center gap-2 rounded-lg px-3 text-soft hover:bg-hover aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
              : "relative flex min-h-14 flex-col items-center justify-center gap-0.5 text-label text-soft outline-offset-[-3px] aria-[current=page]:font-medium aria-[current=page]:text-accent"
          }
        >
          {icon === "keypad" ? <PhoneIcon name="keypad" className="size-5" /> : <Icon name={icon} className="size-5" />}
          <span className="max-w-full truncate">{p.tabs[each]}</span>
          {each === "voicemail" && unheard > 0 && (
            <span className={`rounded-full bg-accent px-1.5 text-[0.6875rem] leading-4 font-semibold text-on-accent tabular-nums ${wide ? "" : "absolute top-1.5 left-1/2 ml-1.5"}`}>
              {unheard}
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}
