/** Calls that no test phone makes on command: one-way audio, a call cut by a restart, a crowd; and the keyboard only. */
import { withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({ reducedMotion: "reduce", viewport: { width: 360, height: 740 } }, async (page, faults, context) => {
  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.getByText("No phones yet").waitFor();
  await page.getByText("No calls yet").waitFor();

  await cue("people");
  await page.goto(`${base}/live`);
  await page.getByText("No calls right now").waitFor();

  await cue("one way");
  const call = page.locator("[data-call]").first();
  await call.getByText("No audio from Bob").waitFor();
  await cue("audio back");
  await call.getByText("Audio flows both ways").waitFor();
  expect(
    await page.evaluate(() => getComputedStyle(document.querySelector(".wire")).animationName === "none"),
    "things move though motion is not wanted",
  );

  await cue("crowd");
  await page.waitForFunction(() => document.querySelectorAll("[data-call]").length === 41);
  await cue("everybody hangs up");
  await page.getByText("No calls right now").waitFor();

  await cue("restart");
  await page.goto(`${base}/history`);
  const row = page.locator("[data-cdr]").first();
  await row.waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
  await row.getByText("Closed after a restart").waitFor();
  await page.getByText("42 calls").waitFor();

  await cue("unwell");
  await page.goto(`${base}/`);
  await page.getByText("1 thing needs you").waitFor();
  await page.getByText("Make room on the disk").waitFor();

  // The theme is remembered, and there before the first paint.
  await page.getByRole("button", { name: /Appearance/ }).first().click();
  await page.getByRole("button", { name: /Appearance: Light/ }).first().click();
  expect((await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "dark was not chosen");
  await page.reload({ waitUntil: "commit" });
  await page.getByRole("button", { name: /Appearance: Dark/ }).first().waitFor();
  expect((await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "dark was forgotten");

  // Logged out in another tab: this one shows the log-in by itself.
  const other = await context.newPage();
  await other.goto(`${base}/`);
  await other.getByRole("button", { name: "More" }).or(other.getByRole("button", { name: "Log out" })).first().click();
  const inMenu = other.getByRole("dialog").getByRole("button", { name: "Log out" });
  await inMenu.or(other.getByRole("heading", { name: "Log in" })).first().waitFor();
  if (await inMenu.isVisible()) await inMenu.click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  found.push(...faults);
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
