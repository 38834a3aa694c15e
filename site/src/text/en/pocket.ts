/** The phone in the pocket: ringing while the page is closed. */
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
  no_key: "This node cannot wake browsers. Ask whoever looks after it: it says why under System.",
  push: "The push service of this browser cannot be reached. Check the connection, then try again.",
  ended: "This device was signed out. Switch it on again.",
  node: "The node did not take it. Try again.",
};

export const pocket = {
  title: "Ring this device",
  off: "When this page is closed, nothing rings here.",
  offer: "Ring this device when the page is closed",
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
