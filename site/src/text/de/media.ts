import type { Text } from "../text.ts";

/** Voicemail, prompts, conferences, recordings, wallboard, call history, analytics. */
export const media: Text["media"] = {};
