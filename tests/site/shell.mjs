/** From an empty office to a heard call, in German too; then users, programs, and the same node from another origin. */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const [setupUrl, elsewhere] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({ reducedMotion: "reduce" }, async (page, faults) => {
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };
  const button = (name) => page.getByRole("button", { name, exact: true });

  await wizard();
  await german();
  await palette();
  await people();
  await programs();
  await log();
  await everyPage();
  await otherOrigin();
  // What the browser says about a refusal is part of the story.
  found.push(...faults.filter((fault) => !fault.includes("has been blocked by CORS policy")));

  async function wizard() {
    await page.goto(setupUrl);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Password again").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByText("Set up your office step by step").waitFor();
    await page.getByRole("link", { name: "Start", exact: true }).click();
    await page.getByLabel("Office name").fill("Morgan & Partners");
    await check("wizard: office");
    await button("Continue").click();
    await page.getByLabel("Name 1").fill("Alice Morgan");
    await check("wizard: people");
    await button("Create 3 extensions").click();
    await page.getByText("Waiting for a phone to log in as 101").waitFor();
    expect(await button("No phone at hand: use this browser").isVisible(), "nobody comes further without a phone");
    await cue("register");
    await page.getByText("Connected: Yealink").waitFor();
    await check("wizard: phone");
    // Left and taken up again, where it was.
    await page.goto(`${base}/`);
    await page.getByRole("link", { name: "Go on", exact: true }).click();
    await button("Continue").click();
    await page.getByText("Waiting for your call").waitFor();
    expect(await button("Yes, I hear it").isDisabled(), "success without a call");
    await cue("dial the echo test");
    await page.getByText("The call is there. Say something").waitFor();
    expect(await button("Yes, I hear it").isDisabled(), "success before any sound");
    await cue("nothing is heard");
    await page.getByText("No sound arrives from 101").waitFor();
    await page.getByText("UDP ports 10000 to 20000").waitFor();
    await cue("speak");
    await page.getByText("The node hears the phone").waitFor();
    await check("wizard: call");
    await cue("hang up");
    await button("Yes, I hear it").click();
    await page.getByText("It works: your call was heard").waitFor();
    await check("wizard: done");
    await page.getByText("Morgan & Partners").first().waitFor();
  }

  async function german() {
    await page.getByRole("button", { name: "Deutsch" }).first().click();
    await page.getByText("Es funktioniert: Ihr Anruf wurde gehört").waitFor();
    expect((await page.evaluate(() => document.documentElement.lang)) === "de", "the language of the page is not said");
    await page.goto(`${base}/`);
    await page.getByRole("heading", { name: "Übersicht" }).waitFor();
    await check("German dashboard");
    await page.getByRole("button", { name: "English" }).first().click();
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  }

  async function palette() {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("alice");
    await page.getByRole("option", { name: /Alice Morgan/ }).waitFor();
    await check("palette");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "101 · Alice Morgan" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.getByRole("heading", { name: "History" }).waitFor();
  }

  async function people() {
    await page.goto(`${base}/users?open=new`);
    await page.getByLabel("User name").fill("bea");
    await button("Create user").click();
    await page.getByText("A user needs an extension of their own.").waitFor();
    await page.getByLabel("Role").selectOption("supervisor");
    await button("Create user").click();
    const password = await page.locator("[data-password]").innerText();
    expect(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/.test(password), `odd password ${password}`);
    await check("new user");
    await button("Done").click();
    await page.locator('[data-user="bea"]').getByText("Supervisor").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("User name").fill("bea");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    const nav = page.getByRole("navigation", { name: "Main" }).first();
    await nav.getByRole("link", { name: "Live calls" }).waitFor();
    expect((await nav.getByRole("link", { name: "Call flows" }).count()) === 0, "a supervisor is led to what is not theirs");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Users" }).waitFor();
  }

  async function programs() {
    await page.goto(`${base}/tokens?open=new`);
    await page.getByLabel("Name", { exact: true }).fill("CRM");
    await page.getByLabel("Read the call history").check();
    await button("Allow it").click();
    expect((await page.locator("[data-secret]").innerText()).length > 20, "no secret");
    await button("Done").click();
    await page.locator('[data-token="CRM"]').getByText("Read the call history").waitFor();
    await check("programs");
  }

  async function log() {
    await page.goto(`${base}/audit?q=admin&show=extension`);
    await page.getByRole("button", { name: /Created.*101/ }).click();
    await page.getByRole("cell", { name: "Alice Morgan" }).waitFor();
    await check("audit log");
  }

  async function everyPage() {
    for (const path of ["settings", "guard", "traces", "system", "webhooks", "account"]) {
      await page.goto(`${base}/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await check(path);
      await page.setViewportSize({ width: 360, height: 740 });
      await check(`${path} at 360 px`);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  }

  async function otherOrigin() {
    await page.goto(elsewhere);
    await page.getByText("There is no phone system at this address").waitFor();
    await check("no node here");
    await page.getByLabel("Address of the node").fill("http://127.0.0.1:9");
    await button("Connect").click();
    await page.getByText("No answer from this address").waitFor();
    await page.getByLabel("Address of the node").fill(base);
    await button("Connect").click();
    // The node is there, and does not know this page yet.
    await page.getByText("The node is there, but does not accept this page yet").waitFor();
    await page.getByText(new URL(elsewhere).origin, { exact: true }).waitFor();
    await check("refused from another origin");
    await cue("allow the other origin");
    await button("Connect").click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    await page.locator('[data-link="online"]').first().waitFor();
    await page.getByText("1 of 3 registered").waitFor();
    await cue("dial the echo test");
    await page.locator("[data-call]").first().waitFor();
    await page.reload();
    await page.locator("[data-call]").first().waitFor();
    await check("from another origin");
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
