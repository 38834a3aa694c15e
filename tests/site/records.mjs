/** Records on the site: a trunk, a number and a queue are made, two people change one, and what is used is deleted. */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { leave, until } from "./cues.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({}, async (page, faults) => {
  const dialog = (name) => page.getByRole("dialog", { name });
  const row = (key) => page.locator(`[data-record="${key}"]`);
  const cell = (key, text) => row(key).locator("td:visible", { hasText: text }).first();
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (await overflows(page)) found.push(`${name}: wider than the screen`);
  };

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await makeATrunk();
  await makeAQueue();
  await makeANumber();
  await paintHours();
  await twoPeople();
  await deleteWhatIsUsed();
  found.push(...faults);

  async function makeATrunk() {
    await page.goto(`${base}/trunks`);
    await page.getByText("No trunks yet").waitFor();
    await check("no trunks");
    await page.getByRole("button", { name: "Add trunk" }).first().click();
    await page.getByRole("button", { name: /with user name and password/ }).click();
    const form = dialog("New trunk");
    await form.getByLabel("Name", { exact: true }).fill("Fancy Provider");
    await until(async () => (await form.getByLabel("Short name").inputValue()) === "fancy-provider", "the short name does not follow the name");
    await form.getByLabel("Server", { exact: true }).fill("not a host");
    await form.getByRole("button", { name: "Create" }).click();
    await form.getByText("Some fields need another look.").waitFor();
    await form.getByLabel("Server", { exact: true }).fill("sip.provider.example");
    await form.getByLabel("Password", { exact: true }).fill("secret");
    await check("new trunk");
    await form.getByRole("button", { name: "Create" }).click();
    await cell("fancy-provider", "sip.provider.example").waitFor();
  }

  async function makeAQueue() {
    await page.goto(`${base}/queues?open=new`);
    const form = dialog("New queue");
    await form.getByLabel("Number", { exact: true }).fill("600");
    await form.getByLabel("Name", { exact: true }).fill("Support");
    const add = form.getByLabel("Add to: Agents");
    await add.fill("alice");
    await form.getByRole("option", { name: /101 Alice/ }).waitFor();
    await page.keyboard.press("Enter");
    // Somebody who is not there yet is made in place.
    await add.fill("Zoe");
    await page.keyboard.press("Enter");
    const extension = dialog("New extension");
    await extension.getByLabel("Number", { exact: true }).fill("109");
    await extension.getByRole("button", { name: "Create" }).click();
    await extension.waitFor({ state: "detached" });
    await form.getByText("109 Zoe").waitFor();
    // By the keyboard, the new one goes first.
    await form.getByRole("button", { name: "Move 109 Zoe", exact: true }).focus();
    await page.keyboard.press("ArrowUp");
    await check("new queue");
    await form.getByRole("button", { name: "Create" }).click();
    await cell("600", "Zoe, Alice").waitFor();
  }

  async function makeANumber() {
    await page.goto(`${base}/numbers?open=new`);
    const form = dialog("New number");
    await form.getByLabel("Number", { exact: true }).fill("0049 (30) 901-820");
    await form.getByLabel("Name", { exact: true }).fill("Main number");
    await form.getByLabel("Destination").fill("supp");
    await form.getByRole("option", { name: /600 Support/ }).click();
    await until(async () => (await form.getByLabel("Number", { exact: true }).inputValue()) === "+4930901820", "the pasted number is not made plain");
    await form.getByRole("button", { name: "Create" }).click();
    await cell("+4930901820", "600 Support").waitFor();
    await form.waitFor({ state: "detached" });
    await page.getByRole("searchbox").fill("nothing like it");
    await page.getByText("Nothing matches").waitFor();
  }

  async function paintHours() {
    await page.goto(`${base}/schedules?open=new`);
    const form = dialog("New schedule");
    await form.getByLabel("Name", { exact: true }).fill("Office");
    const tracks = form.locator("[data-track]");
    await tracks.first().scrollIntoViewIfNeeded();
    const [monday, friday] = [await tracks.nth(0).boundingBox(), await tracks.nth(4).boundingBox()];
    await page.mouse.move(monday.x + monday.width * (9.1 / 24), monday.y + 8);
    await page.mouse.down();
    await page.mouse.move(friday.x + friday.width * (16.9 / 24), friday.y + 8, { steps: 5 });
    await page.mouse.up();
    await until(async () => (await form.getByLabel("Friday", { exact: true }).inputValue()) === "09:00–17:00", "painting does not open the hours");
    await form.getByLabel("Saturday", { exact: true }).fill("10-13");
    await form.getByRole("button", { name: "Create" }).click();
    await cell("office", "Mo–Fr 09:00–17:00; Sa 10:00–13:00").waitFor();
    await row("office").getByRole("button").click();
    const open = dialog("schedule Office");
    await open.getByLabel(/Day and time/).fill("2026-11-23T12:00");
    await open.getByRole("status").getByText("Open", { exact: true }).waitFor();
    await open.getByLabel(/Day and time/).fill("2026-11-22T12:00");
    await open.getByRole("status").getByText("Closed", { exact: true }).waitFor();
    await check("a schedule");
  }

  async function twoPeople() {
    await page.goto(`${base}/queues?open=600`);
    const mine = dialog(/600 Support/);
    await mine.getByLabel("Name", { exact: true }).fill("Support for all");
    await withBrowser({}, async (other) => {
      await other.goto(`${base}/queues?open=600`);
      await other.getByLabel("User name").fill("admin");
      await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await other.keyboard.press("Enter");
      const theirs = other.getByRole("dialog", { name: /600 Support/ });
      await theirs.getByLabel("Name", { exact: true }).fill("Help desk");
      await theirs.getByLabel("Who rings").selectOption("random");
      await theirs.getByRole("button", { name: "Save" }).click();
      await other.getByText("Saved", { exact: true }).waitFor();
    });
    await mine.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody else changed this meanwhile").waitFor();
    await check("a conflict");
    const name = page.getByRole("group", { name: /^Name/ });
    await name.getByText("Help desk").waitFor();
    await page.getByRole("group", { name: /^Who rings/ }).getByText("only they changed it").waitFor();
    await name.getByLabel(/Theirs/).check();
    await page.getByRole("button", { name: "Save this" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await cell("600", "Help desk").waitFor();
    await cell("600", "Anybody").waitFor();
  }

  async function deleteWhatIsUsed() {
    await page.goto(`${base}/queues?open=600`);
    await dialog(/600 Help desk/).getByRole("link", { name: /Main number/ }).waitFor();
    await dialog(/600 Help desk/).getByRole("button", { name: "Delete" }).click();
    const question = dialog("Delete 600 Help desk?");
    await question.getByRole("link", { name: /Main number/ }).waitFor();
    await check("deleting what is used");
    await question.getByRole("button", { name: "Delete all the same" }).click();
    await row("600").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await cell("600", "Help desk").waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    await check("queues at 360 px");
    await page.goto(`${base}/queues?open=600`);
    await dialog(/600 Help desk/).getByLabel("Number", { exact: true }).waitFor();
    await check("a queue at 360 px");
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
