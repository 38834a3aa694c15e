import type { EdgeText } from "../../edge.ts";

export const common: EdgeText["common"] = {
  noEdge: "Noch kein Edge",
  noEdgeHelp: "Textnachrichten, Kampagnen und Rufnummern von draußen kommen am Edge an: dem Teil von Bellwire, den Twilio erreicht. Es braucht ein Twilio-Konto und etwa zehn Minuten.",
  howToBegin: "So fangen Sie an",
  silent: "Der Edge antwortet nicht",
  more: "Mehr anzeigen",
  segments: (segments, left) => (segments === 1 ? `1 Teil · noch ${left} Zeichen` : `${segments} Teile · noch ${left} Zeichen`),
  costly: (letters) => `${letters} verkürzt jeden Teil, der Text kostet dadurch mehr`,
};
