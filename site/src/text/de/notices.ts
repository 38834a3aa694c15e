/** Was Mitteilungen sagen. */
import type { Words } from "../../pocket/notice.ts";

export const notices: Words = {
  answer: "Annehmen",
  decline: "Ablehnen",
  calling: "ruft an",
  missed: "Verpasster Anruf",
  elsewhere: "An einem anderen Telefon angenommen",
  answeredBy: (who) => `${who} hat angenommen`,
  declined: "An einem anderen Telefon abgelehnt",
  over: "Der Anruf ist beendet",
  voicemail: "Neue Sprachnachricht",
  message: "Neue Nachricht",
  test: "Dieses Gerät ist erreichbar",
  testText: "Ein Test Ihrer Telefonanlage. Niemand ruft an.",
  nobody: "Unbekannter Anrufer",
};
