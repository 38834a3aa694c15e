/** The words about phones that sleep, and about links that set softphones up: fetched with what shows them. */
import { language } from "./index.ts";
import type { push as english } from "./en/push.ts";

export type PushText = typeof english;

const LOAD = {
  en: async (): Promise<PushText> => (await import("./en/push.ts")).push,
  de: async (): Promise<PushText> => (await import("./de/push.ts")).push,
};

export const p: PushText = await LOAD[language]();
