import { base as english } from "../en/base.ts";

/** The frame of the site and its first pages: log-in, dashboard, phones, history. */
export const base: typeof english = { ...english, locale: "de-DE" };
