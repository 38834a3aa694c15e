/** The words of this folder, fetched with the phone. The language has been chosen before any page is loaded. */
import { language } from "../text/index.ts";
import type { PocketText } from "../text/en/pocket.ts";

const LOAD = {
  en: async (): Promise<PocketText> => (await import("../text/en/pocket.ts")).pocket,
  de: async (): Promise<PocketText> => (await import("../text/de/pocket.ts")).pocket,
};

export const p: PocketText = await LOAD[language]();
