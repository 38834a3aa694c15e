import type { en } from "./en/index.ts";

/** The shape of a language. */
export type Text = typeof en;
