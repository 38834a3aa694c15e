/** Wörter der Formulare des Edge, nach ihrem Englisch. */
import type { EdgeText } from "../../edge.ts";

export const forms: EdgeText["forms"] = {
  schema: {},
  values: {
    "tone.friendly": "Freundlich",
    "tone.formal": "Förmlich",
    "tone.brief": "Knapp",
    "language.en": "Englisch",
    "language.de": "Deutsch",
    "transcription.server": "Der Sprachserver des Edge",
    "transcription.twilio": "Twilio",
    "transcription.none": "Niemand",
    "keyword_answers.carrier": "Twilio, wie von sich aus",
    "keyword_answers.office": "Dieses System",
  },
};
