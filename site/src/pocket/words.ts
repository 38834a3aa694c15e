/** The words of notifications, for the service worker: it has no page to take them from. */
import { notices as de } from "../text/de/notices.ts";
import { notices as en } from "../text/en/notices.ts";
import type { Words } from "./notice.ts";

export const wordsOf = (language: string | undefined): Words => (language === "de" ? de : en);
