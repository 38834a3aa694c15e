/** The words of the phone in the page: fetched with it. The language has been chosen before. */
import { language } from "./index.ts";
import type { phone as english } from "./en/phone.ts";

export type PhoneText = typeof english;

const LOAD = {
  en: async (): Promise<PhoneText> => (await import("./en/phone.ts")).phone,
  de: async (): Promise<PhoneText> => (await import("./de/phone.ts")).phone,
};

export const p: PhoneText = await LOAD[language]();
