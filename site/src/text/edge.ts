/**
 * The words of the pages about texts, campaigns and outside numbers: fetched with those pages, not with the first one.
 * The language has been chosen before any page is loaded.
 */
import { addFormWords } from "../forms/words.ts";
import { language } from "./index.ts";
import type { edge as english } from "./en/edge/index.ts";

export type EdgeText = typeof english;

const LOAD = {
  en: async (): Promise<EdgeText> => (await import("./en/edge/index.ts")).edge,
  de: async (): Promise<EdgeText> => (await import("./de/edge/index.ts")).edge,
};

export const e: EdgeText = await LOAD[language]();

addFormWords(e.forms);
