import type { EdgeText } from "../../edge.ts";

export const figures: EdgeText["figures"] = {
  title: "Texte in Zahlen",
  lead: "Was kam und ging, und was daraus wurde.",
  calls: "Anrufe",
  none: "Keine Texte in dieser Zeit",
  noneHelp: "Die Zahlen beginnen mit dem ersten Text.",
  firstAnswer: "bis zur ersten Antwort (Median)",
  optedOut: "schrieben STOP",
  segments: "bezahlte Teile",
  perDay: "Texte je Tag",
  fate: "Was aus gesendeten Texten wurde",
  failures: "Warum Texte nicht ankamen",
  noFailures: "Alle Texte dieser Zeit kamen an oder sind unterwegs.",
  perNumber: "Je Nummer",
  columns: {
    day: "Tag",
    number: "Nummer",
    received: "empfangen",
    sent: "gesendet",
    delivered: "zugestellt",
    failed: "nicht zugestellt",
    uncertain: "unklar",
    byPeople: "von Menschen",
    byAi: "von der KI",
    byCampaigns: "von Kampagnen",
  },
};
