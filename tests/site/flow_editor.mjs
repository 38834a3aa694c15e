/** A flow from a template to a call: faults and their way there, wires, undo, a test that is overridden, publishing. */
import { atRest, axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({ reducedMotion: "reduce" }, async (page, faults) => {
  const card = (id) => page.locator(`.react-flow__node[data-id="${id}"]`);
  const wires = page.locator(".wire-line[data-wire]");
  const saved = () => page.locator('[data-save="saved"]').waitFor();
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await fromTemplate();
  await mendWhatIsMissing();
  await wireAndUndo();
  await byKeys();
  await onAPhone();
  await publish();
  await cue("call it");
  await twoPeople();
  found.push(...faults);

  async function fromTemplate() {
    await page.goto(`${base}/flows`);
    await page.getByText("No call flows yet").waitFor();
    await check("no flows");
    await page.getByRole("button", { name: "Draw the first flow" }).click();
    await page.getByText("Main menu", { exact: true }).click();
    await check("new flow");
    await page.getByRole("button", { name: "Create flow" }).click();
    await card("menu").waitFor();
    await page.getByText("there is no extension 100").first().waitFor();
    await check("editor");
  }

  async function mendWhatIsMissing() {
    await page.locator('[data-fault="reception"]').click();
    await page.getByRole("heading", { name: "Reception" }).waitFor();
    const picker = page.getByRole("complementary").getByRole("combobox", { name: "Extension", exact: true });
    await picker.fill("101");
    await page.getByRole("option", { name: /101/ }).first().click();
    await card("reception").getByText(/101/).waitFor();
    await saved();
    await page.keyboard.press("Escape");
    await atRest(page);
    await card("menu").click();
    await page.getByLabel("Name on the canvas").waitFor();
    await check("node");
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.getByText("Nothing is wrong with this flow.").waitFor();
  }

  async function wireAndUndo() {
    const before = await wires.count();
    await atRest(page);
    // A hand is not quite still while it presses.
    const { x, y, width, height } = await card("bye").boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 1, y + height / 2 + 1);
    await page.mouse.up();
    await page.getByLabel("Name on the canvas").waitFor();
    await card("bye").focus();
    await page.keyboard.press("Delete");
    await card("bye").waitFor({ state: "detached" });
    // The wires to it go with it.
    await wires.nth(before - 1).waitFor({ state: "detached" });
    await page.getByText("“Nothing pressed” leads nowhere.").first().waitFor();
    await page.keyboard.press("Control+z");
    await card("bye").waitFor();
    await wires.nth(before - 1).waitFor({ state: "attached" });
    expect((await wires.count()) === before, "undo has brought back more wires than there were");
    await page.keyboard.press("Control+y");
    await card("bye").waitFor({ state: "detached" });
    await page.keyboard.press("Control+z");
    await card("bye").waitFor();

    // A wire that is dropped on the canvas asks what is to come, and the new node is wired.
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await atRest(page);
    const box = await card("start").locator(".react-flow__handle-right").first().boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x, box.y + 120, { steps: 5 });
    await page.mouse.move(box.x - 60, box.y + 240, { steps: 5 });
    await page.mouse.up();
    await page.getByPlaceholder("What happens then?").waitFor();
    await page.keyboard.type("hang up");
    await page.keyboard.press("Enter");
    await card("hang-up").waitFor();
    await page.locator('.wire-line[data-wire="start:next"]').waitFor({ state: "attached" });
    await page.keyboard.press("Control+z");
    await card("hang-up").waitFor({ state: "detached" });
  }

  async function byKeys() {
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement?.dataset.id === "menu"), "the arrow keys do not go along the wires");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
    await page.keyboard.press("End");
    await page.keyboard.type(" by day");
    await card("menu").getByText("Main menu by day").waitFor();
    await card("menu").focus();
    await page.keyboard.press("Control+d");
    await card("menu-2").waitFor();
    await page.keyboard.press("Control+z");
    await card("menu-2").waitFor({ state: "detached" });
    await page.keyboard.press("Control+z");
    await card("menu").getByText("Main menu", { exact: true }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys of the editor" }).waitFor();
    await check("keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+f");
    await page.keyboard.type("goodb");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector('.react-flow__node[data-id="bye"].selected') !== null);
    await page.getByRole("button", { name: "Close", exact: true }).first().click();
    await saved();
  }

  async function onAPhone() {
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole("button", { name: "Show as a list" }).click();
    await page.locator('[data-open="menu"]').waitFor();
    await check("list at 360 px");
    await page.locator('[data-open="menu"]').click();
    await page.getByLabel("Name on the canvas").waitFor();
    await check("node at 360 px");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole("button", { name: "Show the canvas" }).click();
    await card("menu").waitFor();
  }

  async function publish() {
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByLabel("What has changed, and why").fill("Alice takes the calls");
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    // Its tests were written for extension 100.
    await page.getByText(/Tests fail, in/).waitFor();
    await check("red tests");
    await page.getByLabel(/Publish although tests fail/).check();
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await page.locator('[data-live="1"]').waitFor();
    expect(await page.getByRole("button", { name: "Publish" }).isDisabled(), "what is live already can be published again");
  }

  async function twoPeople() {
    await cue("somebody else renames it");
    // Made wide again, the page shows the panel of what is selected, and the card may lie beneath it.
    await page.getByRole("button", { name: "Show everything" }).first().click();
    await atRest(page);
    await card("away").click();
    await page.getByLabel("Name on the canvas").fill("Away");
    await page.getByRole("heading", { name: "Somebody else has changed this flow" }).waitFor();
    await check("conflict");
    await page.getByRole("button", { name: /Take theirs/ }).click();
    await page.getByRole("heading", { name: /By somebody else/ }).first().waitFor();
    await saved();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Undo/ }).click();
    await card("away").getByText("Away", { exact: true }).waitFor();
    await saved();
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
