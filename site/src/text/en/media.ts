/** Voicemail, prompts, conferences, recordings, wallboard, call history, analytics. */
export const media = {};
