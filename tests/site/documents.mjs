/** An office edited without any node, published as a bundle, and followed by a node, which shows how it stands. */
import { readFileSync } from "node:fs";
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const [anywhere, node, opened, saved, pictures] = process.argv.slice(2);
const PASSWORD = "correct horse battery";
const found = [];

async function look(page, name) {
  for (const theme of ["light", "dark"]) {
    await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
    for (const line of await axeFaults(page, { coloursOnly: theme === "dark" })) found.push(`${name} ${theme}: ${line}`);
    if (pictures) await page.screenshot({ path: `${pictures}/${name}-${theme}.png`, fullPage: true });
  }
  await page.evaluate(() => delete document.documentElement.dataset.theme);
  await page.setViewportSize({ width: 360, height: 740 });
  if (await overflows(page)) found.push(`${name} scrolls sideways at 360 px`);
  if (pictures) await page.screenshot({ path: `${pictures}/${name}-narrow.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
}

await withBrowser({ acceptDownloads: true }, async (page, faults) => {
  // No node anywhere: a web host with nothing but files.
  await page.goto(`${anywhere}/?documents`);
  await page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  await page.getByText("You are working without a node").waitFor();
  await look(page, "offline-empty");
  await page.locator('input[type="file"][accept]').setInputFiles(opened);
  await page.getByText("From office.json").waitFor();
  await page.getByText("Nothing that shows here.").waitFor();
  await look(page, "offline-open");

  await page.goto(`${anywhere}/records/extension?open=101`);
  await page.getByLabel("Name", { exact: true }).fill("Alice of the offline office");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Alice of the offline office").first().waitFor();
  await page.goto(`${anywhere}/documents`);
  await page.getByText("Changed and not saved as a file").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as one file" }).click(),
  ]);
  await download.saveAs(saved);
  const written = JSON.parse(readFileSync(saved, "utf8"));
  expect(written.extensions[0].name === "Alice of the offline office", "the change is not in the file");
  await page.getByText("As it was opened or saved").waitFor();

  // What does not fit is told before anything is published.
  await page.locator('input[type="file"][accept]').setInputFiles({
    name: "broken.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ ...written, ring_groups: [{ number: "600", name: "S", members: ["199"] }] })),
  });
  await page.getByText("$.ring_groups[0].members[0]").waitFor();
  await cue("publish");

  // The node that follows the bundle.
  await page.goto(`${node}/documents`);
  await page.evaluate(() => sessionStorage.clear());
  await page.goto(`${node}/documents`);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("Up to date").waitFor();
  await page.getByText("Bundle in force").waitFor();
  await look(page, "node-followed");

  await cue("tamper");
  await page.getByRole("button", { name: "Look now" }).click();
  await page.getByText("A bundle was refused, and nothing was changed.").waitFor();
  await page.getByText("is not by the key that this node trusts").waitFor();
  await look(page, "node-refused");

  // Compared with the node, and applied.
  await page.locator('input[type="file"][accept]').setInputFiles({
    name: "more.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ extensions: [{ number: "104", name: "Dora" }, { number: "101", name: "Alicia" }] })),
  });
  await page.getByText("New: 104").waitFor().catch(() => page.getByText("104", { exact: false }).first().waitFor());
  await page.getByRole("switch", { name: "Make up missing SIP passwords" }).click();
  await page.getByText("The documents cannot be applied:").waitFor();
  await page.getByRole("switch", { name: "Make up missing SIP passwords" }).click();
  await look(page, "node-plan");
  await page.getByRole("button", { name: "Apply 2 changes" }).click();
  await page.getByText("2 changes were applied.").waitFor();
  await cue("applied");

  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.getByText(/was rolled back\./).first().waitFor();
  await cue("rolled back");
  found.push(...faults);
});
leave(found);
