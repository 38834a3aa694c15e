/** Words of the edge's forms. The schemas are written in English, so only values need some here. */
export const forms: { readonly schema: Readonly<Record<string, string>>; readonly values: Readonly<Record<string, string>> } = {
  schema: {},
  values: {
    "tone.friendly": "Friendly",
    "tone.formal": "Formal",
    "tone.brief": "Brief",
    "language.en": "English",
    "language.de": "German",
    "transcription.server": "The edge's speech server",
    "transcription.twilio": "Twilio",
    "transcription.none": "Nobody",
    "keyword_answers.carrier": "Twilio, as it does by itself",
    "keyword_answers.office": "This system",
  },
};
