/** The phone in the pocket: ringing while the page is closed. */
import type { EchoFault } from "../../core/echo.ts";
import type { CallTrouble } from "../../pocket/oneCall.ts";
import type { Obstacle } from "../../pocket/platform.ts";
import type { Trouble } from "../../pocket/pocket.ts";

const obstacles: Readonly<Record<Obstacle | "blocked", string>> = {
  insecure: "Not here: browsers ring only for pages that came over HTTPS with a trusted certificate. Open this page that way.",
  install: "On an iPhone or iPad: open the Share menu, choose “Add to Home Screen”, and open Bellwire from there. Then it can ring.",
  unsupported: "This browser cannot be woken by a page. Chrome, Edge, Firefox and Safari can, outside of private windows.",
  blocked: "Notifications of this page are blocked. Allow them in the settings of this browser (the symbol beside the address), then load this page again.",
};

const troubles: Readonly<Record<Trouble, string>> = {
  ...obstacles,
  asked: "Without notifications nothing can ring here. Press the button again and allow them.",
  no_key: "This node cannot wake browsers. Ask whoever looks after it: its log says why.",
  push: "The push service of this browser cannot be reached. Check the connection, then try again.",
  ended: "This device was signed out. Switch it on again.",
  node: "The node did not take it. Try again.",
};

interface Said {
  readonly title: string;
  readonly help: string;
}

const faults: Readonly<Record<EchoFault, Said>> = {
  no_return: { title: "No sound came back", help: "The call is there, but no audio finds its way. A firewall between this computer and the node must let UDP through; the ports are under System." },
  silent: { title: "Your microphone is silent", help: "Nothing was heard from it. Is it muted, at the headset or in the system? Or is another one chosen?" },
  quiet: { title: "You are hard to hear", help: "Come closer to the microphone, or turn it up in the settings of this computer." },
  clipped: { title: "Your microphone is too loud", help: "It is cut off at its loudest. Turn it down in the settings of this computer, or keep some distance." },
  lost: { title: "Parts of the sound are lost", help: "The network drops packets. Nearer to the Wi-Fi, or on a cable, it is better." },
  delay: { title: "Your voice takes long", help: "People will talk at the same time. A VPN or a mobile network between here and the node is the likeliest cause." },
};

const callTroubles: Readonly<Record<CallTrouble, Said>> = {
  insecure: { title: "Not from this address", help: "Browsers lend the microphone only to pages that came over HTTPS, or from this computer itself." },
  refused: { title: "The microphone is not allowed", help: "Allow it for this page (the symbol beside the address), then try again." },
  missing: { title: "There is no microphone", help: "Connect one, or a headset, then try again." },
  microphone_refused: { title: "The microphone is not allowed", help: "Allow it for this page (the symbol beside the address), then try again." },
  no_microphone: { title: "There is no microphone", help: "Connect one, or a headset, then try again." },
  line: { title: "The node does not answer", help: "The line to it could not be opened within eight seconds. Is it running, and is a proxy letting WebSockets through?" },
  login: { title: "No extension to call from", help: "Your log-in has no extension, and may not use another one. Give it one under Users." },
  hung_up: { title: "Hung up", help: "" },
  busy: { title: "Busy", help: "Try again in a moment." },
  no_answer: { title: "Nobody answered", help: "Try again." },
  declined: { title: "Declined", help: "The call was not taken." },
  cancelled: { title: "Cancelled", help: "" },
  elsewhere: { title: "Answered elsewhere", help: "" },
  not_found: { title: "This cannot be dialled", help: "Nothing answers to it: it was dialled once already, is older than a minute, or its code is switched off." },
  unreachable: { title: "Not reachable", help: "The node did not answer in time. Try again." },
  not_allowed: { title: "Not allowed", help: "This extension may not make that call." },
  no_codec: { title: "No common way to speak", help: "The node and this browser share no audio codec." },
  connection: { title: "The sound found no way", help: "The call was made, but no audio got through. A firewall must let UDP through; the ports are under System." },
  failed: { title: "That did not work", help: "Try again." },
};

export const pocket = {
  echo: {
    title: "In this browser",
    lead: "This browser can be a phone. Call the echo test: you hear yourself, and see how you sound. It takes ten seconds; a headset is best.",
    start: "Call the echo test",
    again: "Try again",
    calling: "Calling. If the browser asks for the microphone, allow it …",
    tone: "A short tone goes out and comes back …",
    speak: "Now say something: count to five.",
    you: "You",
    back: "Comes back",
    time: "Time",
    fine: "You sound fine",
    level: "Your level",
    decibels: (db: number): string => `${db} dB`,
    roundTrip: "There and back",
    lost: "Lost",
    faults,
    phoneHelp: "Or with a phone:",
    noPhone: "No phone at hand: use this browser",
  },
  trial: {
    title: "Call this flow",
    lead: "A real call from this browser into the flow. Phones ring, mail is sent: only the history marks it as a test. The canvas follows.",
    what: "What is called",
    draft: "The draft",
    live: "What is live",
    as: "Call from",
    start: "Call this flow",
    saving: "Saving the draft, calling …",
    calling: "Calling …",
    talking: "In the call",
    hangUp: "Hang up",
    mute: "Mute",
    unmute: "Unmute",
    keys: "Keypad",
    pressed: "Pressed",
    ended: "The call is over.",
    lasted: (time: string): string => `The call is over, after ${time}.`,
    path: "Its way",
    openCall: "In the history",
    faulty: "The draft has faults: it cannot be called.",
    troubles: callTroubles,
  },
  title: "Ring this device",
  off: "When this page is closed, nothing rings here.",
  offer: "Ring this device when the page is closed",
  offerShort: "Ring here",
  putAway: "Do not offer this again",
  offerHelp: "A notification shows who calls; one touch answers.",
  on: (extension: string): string => `Calls for ${extension} ring here, also when this page is closed.`,
  turnOff: "Do not ring here",
  ios: "iPhones and iPads show no buttons in notifications: touch it, and the call is there to be answered.",
  working: "One moment …",
  obstacles,
  troubles,
  coming: (who: string): string => (who === "" ? "Fetching the call …" : `Fetching the call of ${who} …`),
  gone: (who: string): string => (who === "" ? "The call is over." : `The call of ${who} is over.`),
  goneHelp: "Somebody else has taken it, or it rang too long.",
  close: "Close",
};

export type PocketText = typeof pocket;
