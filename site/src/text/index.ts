/**
 * The language in use. It is chosen once, before the first page is drawn; another one is a reload. Only the words of the
 * one in use are fetched.
 */
import type { Text } from "./text.ts";

export type { Text };
export type Language = "en" | "de";

export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

const KEY = "language";

const LOAD: Readonly<Record<Language, () => Promise<Text>>> = {
  en: async () => (await import("./en/index.ts")).en,
  de: async () => (await import("./de/index.ts")).de,
};

/** The words. `speak` has been called before any module that draws is loaded. */
export let t: Text;

/** The language of the words. */
export let language: Language = "en";

export async function speak(chosen: Language): Promise<void> {
  t = await LOAD[chosen]();
  language = chosen;
  if (typeof document !== "undefined") document.documentElement.lang = chosen;
}

/** What was chosen here before, else what the browser asks for, else English. */
export function wantedLanguage(): Language {
  const wanted = [stored(), ...navigator.languages].map((each) => each?.slice(0, 2).toLowerCase());
  return wanted.find((each): each is Language => each !== undefined && each in LANGUAGES) ?? "en";
}

export function chooseLanguage(chosen: Language): void {
  try {
    localStorage.setItem(KEY, chosen);
  } finally {
    window.location.reload();
  }
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
