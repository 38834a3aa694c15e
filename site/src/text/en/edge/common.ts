export const common = {
  noEdge: "No edge yet",
  noEdgeHelp: "Texts, campaigns and outside numbers come in at the edge: the part of Bellwire that Twilio can reach. It takes a Twilio account and about ten minutes.",
  howToBegin: "How to begin",
  silent: "The edge does not answer",
  more: "Show more",
  segments: (segments: number, left: number) => (segments === 1 ? `1 part · ${left} letters left` : `${segments} parts · ${left} letters left`),
  costly: (letters: string) => `${letters} makes every part shorter, so the text costs more`,
};
