/** An administrator's first day: set-up link, log-in, phones, a live call, the history, a node that goes away and comes back. */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({}, async (page, faults) => {
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };
  const nav = (name, exact = false) => page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name, exact }).click();
  const phone = (number) => page.locator(`[data-phone="${number}"]`);
  const call = page.locator("[data-call]");

  await setUp();
  await logOutAndIn();
  await phonesRegister();
  await watchACall();
  await readTheHistory();
  await lookAfterPhones();
  await loseTheNode();
  found.push(...faults);

  async function setUp() {
    await page.goto(`${base}/`);
    await page.getByText("one-time set-up link").waitFor();
    await page.goto(setupUrl);
    await page.getByRole("heading", { name: "Welcome to Bellwire" }).waitFor();
    await check("set-up");
    expect(!page.url().includes("token"), "the token stays in the address bar");
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByLabel("Password again").fill("other");
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.getByText("At least 10 characters, please.").waitFor();
    await page.getByText("The two passwords are not the same.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Password again").fill(PASSWORD);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    await page.locator('[data-link="online"]').first().waitFor();
    await page.getByText("No calls right now").waitFor();
    await page.getByText("0 of 3 registered").waitFor();
    await check("empty dashboard");
  }

  async function logOutAndIn() {
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.goto(setupUrl);
    await page.getByText("This set-up link no longer works").waitFor();
    await page.goto(`${base}/phones`);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("wrong password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("User name or password is not right.").waitFor();
    await check("log-in");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    // The address that was asked for, not the front page.
    await page.getByRole("heading", { name: "Phones" }).waitFor();
  }

  async function phonesRegister() {
    for (const number of ["101", "102", "103"]) await phone(number).getByText("Not registered").waitFor();
    await page.evaluate(() => {
      globalThis.neverReloaded = true;
    });
    await cue("register");
    await phone("101").getByText("Registered", { exact: true }).waitFor();
    await phone("102").getByText("Registered", { exact: true }).waitFor();
    await phone("102").locator("td:visible", { hasText: /^baresip/ }).waitFor();
    await check("phones");
    await page.keyboard.press("/");
    await page.keyboard.type("102");
    await phone("101").waitFor({ state: "detached" });
    await phone("102").waitFor();
    await page.keyboard.press("Escape");
    await phone("101").waitFor();
  }

  async function watchACall() {
    await nav("Dashboard");
    await page.getByText("2 of 3 registered").waitFor();
    await cue("dial");
    await call.getByText("Ringing", { exact: true }).waitFor();
    expect((await call.innerText()).includes("Phone 101"), "the caller is not named");
    await cue("answer");
    await call.getByText("Talking", { exact: true }).waitFor();
    await call.getByText("Audio flows both ways").waitFor();
    const timer = call.getByRole("timer");
    const before = await timer.innerText();
    await page.waitForFunction((old) => document.querySelector("[role=timer]")?.textContent !== old, before);
    await nav("Live calls");
    await call.getByText("Talking", { exact: true }).waitFor();
    await check("live calls");
    await cue("hold");
    await call.getByText("On hold", { exact: true }).waitFor();
    await cue("resume");
    await call.getByText("Talking", { exact: true }).waitFor();
    await nav("Dashboard");
    await cue("hang up");
    await page.getByText("No calls right now").waitFor();
    await page.getByRole("link", { name: /Phone 101.*Phone 102/ }).getByText("Answered").waitFor();
    expect(await page.evaluate(() => globalThis.neverReloaded === true), "the page was reloaded");
  }

  async function readTheHistory() {
    await nav("History");
    const row = page.locator("[data-cdr]").first();
    await row.getByText("Answered").waitFor();
    await check("history");
    await row.getByRole("link").focus();
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("dialog");
    await drawer.getByText("Phone 102 answered").waitFor();
    await drawer.getByText("Phone 101 hung up").first().waitFor();
    await check("call drawer");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Busy" }).click();
    await page.getByText("No call matches.").waitFor();
    await page.getByRole("button", { name: "Show all calls" }).click();
    await row.waitFor();
    await page.getByRole("searchbox").fill("Phone 103");
    await page.getByText("No call matches.").waitFor();
    await page.getByRole("searchbox").fill("Phone 102");
    await row.waitFor();
  }

  async function lookAfterPhones() {
    await nav("Phones", true);
    await page.getByRole("button", { name: "Add phone" }).click();
    const drawer = page.getByRole("dialog");
    // The first field has the focus.
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "number");
    await page.keyboard.type("101");
    await drawer.getByLabel("Name", { exact: true }).fill("Dora");
    await drawer.getByRole("button", { name: "Create phone" }).click();
    await drawer.getByText("This number is taken.").waitFor();
    await check("new phone");
    await drawer.getByLabel("Number", { exact: true }).fill("1");
    await drawer.getByRole("button", { name: "Create phone" }).click();
    await drawer.getByText("Some fields need another look.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Leave without saving?").waitFor();
    await page.getByRole("button", { name: "Keep editing" }).click();
    await drawer.getByLabel("Number", { exact: true }).fill("104");
    await drawer.getByRole("button", { name: "Create phone" }).click();
    await page.getByRole("heading", { name: "104 · Dora" }).waitFor();
    await drawer.getByRole("button", { name: "Show login and code" }).click();
    await drawer.getByRole("img", { name: /QR code/ }).waitFor();
    await drawer.getByRole("button", { name: "Copy Password" }).click();
    await drawer.getByRole("button", { name: "Copied" }).waitFor();
    await check("phone drawer");
    await drawer.getByLabel("Name", { exact: true }).fill("Dora Maar");
    await drawer.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "104 · Dora Maar" }).waitFor();
    await drawer.getByRole("button", { name: "Switch off" }).click();
    await drawer.getByText("Switched off").first().waitFor();
    await drawer.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: /^Delete 104/ }).getByRole("button", { name: "Delete" }).click();
    await phone("104").waitFor({ state: "detached" });
    await page.setViewportSize({ width: 320, height: 640 });
    await check("phones at 320 px");
    await page.setViewportSize({ width: 1280, height: 800 });
  }

  async function loseTheNode() {
    await nav("Dashboard");
    await page.getByText("2 of 3 registered").waitFor();
    await cue("stop the node");
    await page.getByText("The node cannot be reached.").waitFor();
    await page.locator('[data-link="offline"]').first().waitFor();
    expect(await page.getByText("2 of 3 registered").isVisible(), "what was known is no longer shown");
    expect((await page.getByText("0 of 3").count()) === 0, "a zero nobody measured");
    await page.getByText(/as of \d\d:\d\d/).first().waitFor();
    await check("without a node");
    await cue("start the node");
    await page.locator('[data-link="online"]').first().waitFor({ timeout: 20_000 });
    await page.getByText("The node cannot be reached.").waitFor({ state: "detached" });
    await page.getByText("2 of 3 registered").waitFor();
    expect(await page.evaluate(() => globalThis.neverReloaded === true), "the page was reloaded");
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
