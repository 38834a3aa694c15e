/** A call moves through the canvas; its path afterwards; a made-up call becomes a test that publishing runs; back to an old revision. */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

process.on("uncaughtException", (error) => leave([String(error).replaceAll(/\s*\n\s*/g, " | ")]));
const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({ viewport: { width: 1440, height: 900 } }, async (page, faults) => {
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };
  const panel = (name) => page.getByRole("toolbar").getByRole("button", { name, exact: true });
  const card = (id) => page.locator(`.react-flow__node[data-id="${id}"] .flow-card`);
  const marked = (id, tone) => page.locator(`.react-flow__node[data-id="${id}"] .flow-card[data-tone="${tone}"]`).waitFor();
  const button = (name) => page.getByRole("button", { name, exact: true });

  await signUp();
  await watchACall();
  await seeItsPath();
  await tryAndTest();
  await publishRunsTheTest();
  await rollBack();
  found.push(...faults);

  async function signUp() {
    await page.goto(setupUrl);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Password again").fill(PASSWORD);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.waitForURL((url) => !url.pathname.includes("setup"));
  }

  async function watchACall() {
    await page.goto(`${base}/flows/500?tab=live`);
    await page.getByText("No calls in this flow now").waitFor();
    await cue("dial");
    await page.locator('[data-live-call][data-node="menu"]').waitFor();
    await marked("menu", "live");
    await check("live calls");
    await cue("press");
    await page.locator('[data-live-call][data-node="bob"]').waitFor();
    await marked("bob", "live");
    expect((await card("menu").getAttribute("data-tone")) !== "live", "the call is in two places");
    await button("Follow").click();
    await marked("start", "path");
    await cue("hang up");
    await page.getByText("No calls in this flow now").waitFor();
  }

  async function seeItsPath() {
    await panel("Paths").click();
    await page.locator("[data-path-call]").first().click();
    await page.locator('[data-step="bob"]').waitFor();
    const steps = await page.locator("[data-step]").evaluateAll((all) => all.map((each) => each.dataset.step));
    expect(steps.join(" ") === "start menu bob", `the path is ${steps.join(" ")}`);
    expect((await page.locator('[data-step="menu"]').innerText()).includes("1 key pressed"), "the key is not told");
    await marked("bob", "path");
    await page.getByText("Revision 1, as").waitFor();
    await check("path");
    const shown = page.url();
    await page.goto(`${base}/flows/500?show=${new URL(shown).searchParams.get("show")}`);
    await page.locator('[data-step="bob"]').waitFor();
    await button("Traffic").click();
    await page.locator('[data-traffic="1"]').waitFor();
    await check("traffic");
  }

  async function tryAndTest() {
    await panel("Simulate").click();
    await page.locator('[data-simulator="done"]').waitFor();
    await page.getByText("The caller presses nothing").waitFor();
    await page.getByRole("button", { name: "What the caller presses here: Change" }).click();
    await check("keypad");
    await page.keyboard.press("1");
    await button("Use").click();
    await page.getByText("Rings extension 102").waitFor();
    await page.getByText("Connected: they talk").waitFor();
    await button("Step back").click();
    await marked("bob", "live");
    for (let step = 0; step < 20 && (await card("menu").getAttribute("data-tone")) !== "live"; step++) {
      await page.locator("[data-moment]").first().getByRole("button").first().focus();
      await page.keyboard.press("ArrowLeft");
    }
    await marked("menu", "live");
    expect((await card("bob").getAttribute("data-tone")) === null, "the call is where it has not been yet");
    await check("simulator");
    await button("Write as a flow test").click();
    await button("Add the test").click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByLabel("Name of the test").fill("1 rings Bob");
    await check("write a test");
    await button("Add the test").click();
    await page.locator('[data-test="1 rings Bob"]').getByText("Passes").waitFor();
    await check("tests");
  }

  async function publishRunsTheTest() {
    await lead("2");
    await page.goto(`${base}/flows/500?tab=tests`);
    await page.getByText("At “Welcome” it goes on by “No such choice”, not by “1”").waitFor();
    await check("a red test");
    const refused = await ask("POST", "/publish", { comment: "Led astray" });
    expect(refused === 422, `publishing with a red test answers ${refused}`);
    await lead("1");
    const made = await ask("POST", "/publish", { comment: "With a test" });
    expect(made === 200, `publishing with a green test answers ${made}`);
  }

  /** Another key of the menu leads to Bob, as if somebody had changed it elsewhere. */
  async function lead(key) {
    const flow = await page.evaluate(async () => (await fetch("/api/v1/flows/500")).json());
    flow.nodes.menu.parameters.choices = [{ keys: key, name: "Bob" }];
    flow.wires.menu = { [key]: "bob", timeout: "", invalid: "" };
    const status = await ask("PUT", "", flow);
    expect(status === 200, `changing the draft answers ${status}`);
  }

  async function ask(method, path, body) {
    return await page.evaluate(
      async ([method, path, body]) => {
        const session = await (await fetch("/api/v1/session")).json();
        const headers = { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token };
        return (await fetch(`/api/v1/flows/500${path}`, { method, headers, body: JSON.stringify(body) })).status;
      },
      [method, path, body],
    );
  }

  async function rollBack() {
    await page.goto(`${base}/flows/500?tab=revisions`);
    await page.locator('[data-revision="2"]').getByText("Live", { exact: true }).waitFor();
    await button("Compare: Revision 1 → Revision 2").click();
    await page.getByText("Test “1 rings Bob” is new").waitFor();
    await check("differences");
    await button("Revisions").last().click();
    await button("Open Revision 1, to look at").click();
    await page.locator('[data-open-revision="1"]').waitFor();
    await check("an old revision");
    await button("Roll back to revision 1").click();
    await page.getByLabel("Why").fill("As it was");
    await button("Make it live").click();
    await page.locator('[data-revision="3"]').getByText("Back to revision 1").waitFor();
    await page.locator('[data-revision="3"]').getByText("Live", { exact: true }).waitFor();
    await check("revisions");
    await page.setViewportSize({ width: 360, height: 740 });
    for (const tab of ["simulate", "tests", "live", "path", "revisions"]) {
      await page.goto(`${base}/flows/500?tab=${tab}`);
      await page.getByRole("region", { name: /Simulate|Tests|Live calls|Paths|Revisions/ }).first().waitFor();
      await check(`${tab} on a phone`);
    }
  }
});

leave(found);
