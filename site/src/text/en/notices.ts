/** What notifications say. */
import type { Words } from "../../pocket/notice.ts";

export const notices: Words = {
  answer: "Answer",
  decline: "Decline",
  calling: "is calling",
  missed: "Missed call",
  elsewhere: "Answered on another phone",
  answeredBy: (who) => `Answered by ${who}`,
  declined: "Declined on another phone",
  over: "The call is over",
  voicemail: "New voice message",
  message: "New message",
  test: "This device can be reached",
  testText: "A test from your phone system. Nobody is calling.",
  nobody: "Unknown caller",
};
