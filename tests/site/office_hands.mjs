/** What an office does by hand: second factor, invitation, extensions from a spreadsheet, flows copied, calls steered. */
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atRest, axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const [setupUrl, folder] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

/** RFC 6238 with its defaults: what an authenticator app shows. */
function codeOf(secret, at = Date.now()) {
  const bits = [...secret.replace(/[\s=]/g, "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const offset = hash[19] & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

await withBrowser({ reducedMotion: "reduce", acceptDownloads: true }, async (page, faults, context) => {
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };
  const button = (name) => page.getByRole("button", { name, exact: true });
  const logIn = async (name, password) => {
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
  };

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await spreadsheet();
  await steered();
  await copied();
  await keptMine();
  await invited();
  await secondFactor();
  found.push(...faults);

  async function spreadsheet() {
    await page.goto(`${base}/phones`);
    await button("CSV").click();
    const file = page.locator('input[type="file"]');
    const table = (lines) => ({ name: "phones.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\r\n")) });
    await file.setInputFiles(table(["number,name", "101,Alice Morgan-Hill", "x,Nobody"]));
    await page.getByText("Mend these lines first; nothing was changed:").waitFor();
    await check("csv with a fault");
    await file.setInputFiles(table(["number,name", "101,Alice Morgan-Hill", "140,Workshop"]));
    await page.getByText("1 is made").waitFor();
    await page.getByText("1 is changed").waitFor();
    await check("csv");
    await cue("nothing has changed yet");
    await button("Apply").click();
    await page.getByText("The extensions are as in the file.").waitFor();
    await page.locator('[data-phone="140"]').getByText("Workshop").waitFor();
    await page.locator('[data-phone="101"]').getByText("Alice Morgan-Hill").waitFor();
  }

  async function steered() {
    await cue("two people talk");
    await page.goto(`${base}/live`);
    await page.getByRole("button", { name: "Actions" }).click();
    await check("actions of a call");
    await button("Hold Alice Morgan").click();
    await page.getByLabel("To the number").fill("1 40");
    await button("Transfer").click();
    await page.getByText("140 is being called").waitFor();
    await button("Park").click();
    await page.getByText("The call is being parked").waitFor();
    await page.getByLabel("Listen with the phone of").selectOption("140");
    await button("Whisper").click();
    await page.getByText("The phone of 140 rings").waitFor();
    await button("Hang up").click();
    await cue("the call was steered");
  }

  async function copied() {
    await page.goto(`${base}/flows/500`);
    const card = (id) => page.locator(`.react-flow__node[data-id="${id}"]`);
    await atRest(page);
    await card("hello").click();
    await page.getByLabel("Name on the canvas").waitFor();
    await page.keyboard.press("Control+c");
    await page.getByText("1 copied").waitFor();
    await page.keyboard.press("Control+v");
    await card("hello-2").waitFor();
    expect((await page.locator('.wire-line[data-wire^="hello-2:"]').count()) === 0, "a copy leads where its original does");
    await page.locator('[data-save="saved"]').waitFor();

    await button("More").click();
    const waiting = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export" }).click();
    const path = join(folder, "flow.json");
    await (await waiting).saveAs(path);
    const flow = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify(flow).replaceAll("Welcome to the office", "Brought back from a file"));
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.locator('[data-editor] input[type="file"]').setInputFiles(path);
    await card("hello").getByText("Brought back from a file").waitFor();
    await page.locator('[data-save="saved"]').waitFor();
    await page.getByRole("button", { name: /^Undo/ }).click();
    await card("hello").getByText("Welcome to the office").waitFor();
    await page.locator('[data-save="saved"]').waitFor();
  }

  async function keptMine() {
    await cue("somebody else renames the flow");
    await atRest(page);
    await page.locator('.react-flow__node[data-id="hello"]').click();
    await page.getByLabel("Name on the canvas").fill("Mine");
    await page.getByRole("heading", { name: "Somebody else has changed this flow" }).waitFor();
    const theirs = page.waitForEvent("download");
    await page.getByRole("button", { name: /Keep mine/ }).click();
    const path = join(folder, "theirs.json");
    await (await theirs).saveAs(path);
    expect(readFileSync(path, "utf8").includes("By somebody else"), "their state was not kept as a file");
    await page.locator('[data-save="saved"]').waitFor();
    await cue("the flow is as it was drawn");
  }

  async function invited() {
    await page.goto(`${base}/users?open=new`);
    await page.getByLabel("User name").fill("bea");
    await page.getByLabel("Role").selectOption("supervisor");
    await button("Create user").click();
    await button("Make a link").click();
    const link = await page.locator("[data-invitation]").innerText();
    await check("invitation");
    await button("Done").click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByText("bea", { exact: true }).waitFor();
    expect(!page.url().includes("token"), "the token stays in the address");
    await page.getByLabel("Password", { exact: true }).fill("bea chose this");
    await page.getByLabel("Password again").fill("bea chose this");
    await check("choose a password");
    await button("Use this password").click();
    await page.getByText("Log in with it as bea.").waitFor();
    await page.getByRole("button", { name: /log-in|log in/i }).click();
    await logIn("bea", "bea chose this");
    await page.getByRole("heading", { name: "Live calls" }).or(page.getByRole("heading", { name: "Dashboard" })).first().waitFor();
    // The link is spent.
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByLabel("Password", { exact: true }).fill("and once more");
    await page.getByLabel("Password again").fill("and once more");
    await button("Use this password").click();
    await page.getByText("This link does not work").waitFor();
    await page.goto(`${base}/`);
    await logIn("admin", PASSWORD);
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  }

  async function secondFactor() {
    await page.goto(`${base}/account`);
    await page.locator('[data-session="browser"]').getByText("Here", { exact: true }).waitFor();
    await button("Set it up").click();
    await page.getByRole("img", { name: /QR|code/i }).waitFor();
    const secret = (await page.locator("form .font-mono").first().innerText()).trim();
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await button("Confirm").click();
    await page.getByText("This code is not right").first().waitFor();
    await page.getByLabel("Code", { exact: true }).fill(codeOf(secret));
    await button("Confirm").click();
    const kept = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
    await kept.first().waitFor();
    const codes = await kept.allInnerTexts();
    await check("recovery codes");
    await button("I have kept them").click();
    await page.getByText("Second factor is on").waitFor();
    await page.getByRole("button", { name: "Log out" }).first().click();
    await logIn("admin", PASSWORD);
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.keyboard.press("Enter");
    await page.getByText("This code is not right").first().waitFor();
    await check("log-in with a code");
    // A code of the app counts once, and this half minute's was used to confirm.
    await page.getByLabel("Code", { exact: true }).fill(codes[0]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "My account" }).or(page.getByRole("heading", { name: "Dashboard" })).first().waitFor();
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
