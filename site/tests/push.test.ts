/** What the node notes of phones that sleep, as what it means; and the words for it in both languages. */
import { expect, test } from "vitest";
import { barsOf, gradeOf, reasonOf } from "../src/core/push.ts";
import { push as german } from "../src/text/de/push.ts";
import { push as english } from "../src/text/en/push.ts";

test.each([
  ["", undefined],
  ["it did not register within 15 s", "slow"],
  ["Unregistered", "gone"],
  ["UNREGISTERED", "gone"],
  ["status 410", "gone"],
  ["BadDeviceToken", "otherApp"],
  ["SENDER_ID_MISMATCH", "otherApp"],
  ["DeviceTokenNotForTopic", "wrongKey"],
  ["InvalidProviderToken", "badKey"],
  ["this gateway has no key for the app org.example.phone", "unconfigured"],
  ["the push gateway cannot be reached: no answer", "gateway"],
  ["TooManyRequests", "tooMany"],
  ["late", "late"],
  ["its log-in was taken back", "signedOut"],
  ["something new", "other"],
])("%s", (said, meant) => {
  expect(reasonOf(said, "fcm")).toBe(meant);
});

test("a page that nobody opened is no slow phone", () => {
  expect(reasonOf("it did not register within 15 s", "webpush")).toBe("page");
});

test("one call that it slept through makes a phone shaky, two make it ill", () => {
  const grade = (score: number) => gradeOf({ dead: false, pushes: 1, score });
  expect([1, 0.75, 0.5625].map(grade)).toEqual(["well", "shaky", "ill"]);
  expect(gradeOf({ dead: true, pushes: 1, score: 1 })).toBe("dead");
  expect(gradeOf({ dead: false, pushes: 0, score: 1 })).toBe("untried");
  expect([1, 0.75, 0.5, 0].map(barsOf)).toEqual([5, 4, 3, 0]);
});

test("every reason has words, and German ones of its own", () => {
  for (const [reason, words] of Object.entries(english.reasons)) {
    expect(german.reasons[reason as keyof typeof english.reasons]).not.toBe(words);
  }
  expect(german.link.steps).toHaveLength(english.link.steps.length);
});
