/**
 * The pages of the edge: texts are read and answered by keyboard while more come in, a campaign is made and watched, a
 * number is mended, bought and given back, the receptionist is taught and tried. Then an office without an edge.
 */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const [setupUrl, part] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const found = [];

await withBrowser({}, async (page, faults) => {
  const check = async (name) => {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((chosen) => {
        document.documentElement.dataset.theme = chosen;
      }, theme);
      found.push(...(await axeFaults(page, { coloursOnly: theme === "dark" })).map((fault) => `${name} ${theme}: ${fault}`));
    }
    await page.setViewportSize({ width: 360, height: 740 });
    if (await overflows(page)) found.push(`${name}: wider than a phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  const row = (number) => page.locator(`[data-conversation="${number}"]`);

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await { texts, campaigns, numbers, receptionist, nothing }[part]();
  found.push(...faults);

  async function texts() {
    await page.goto(`${base}/texts`);
    await row("+12025550123").getByText("Waits for a person").waitFor();
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: "+1 202 555 0123" }).waitFor();
    await page.getByRole("log").getByText("It came broken").waitFor();
    await page.getByRole("log").getByRole("img", { name: "Picture" }).waitFor();
    await page.getByText("Order 4711, replace it.").waitFor();
    await row("+12025550123").getByText("unread").waitFor({ state: "detached" });
    await check("thread");

    await page.keyboard.press("r");
    await page.getByRole("button", { name: "Templates" }).last().click();
    await page.locator("[data-template='Opening hours'] button").first().click();
    const box = page.locator("[data-composer] textarea");
    expect((await box.inputValue()).startsWith("We are open"), "the template is not in the box");
    await cue("a text comes meanwhile");
    await page.getByRole("log").getByText("Never mind, it works.").waitFor();
    await box.fill("We send a new one today.");
    await cue("another comes unseen");
    await box.press("Enter");
    await page.getByRole("heading", { name: "Somebody was faster" }).waitFor();
    await page.getByRole("button", { name: "Read first" }).click();
    await page.getByRole("log").getByText("Thank you!").waitFor();
    await box.press("Enter");
    await page.getByRole("log").getByText("We send a new one today.").waitFor();
    await page.getByRole("button", { name: "Hand back to the AI" }).waitFor();
    await page.getByRole("button", { name: "Note", exact: true }).click();
    await box.fill("Sent by parcel");
    await box.press("Enter");
    await page.getByText("Note by admin").waitFor();
    await page.getByRole("button", { name: "Hand back to the AI" }).click();
    await page.getByRole("button", { name: "Take over" }).waitFor();
    await page.getByLabel("Who looks after it").selectOption("admin");
    await row("+12025550123").getByText("with admin").waitFor();

    await box.press("Escape");
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: "+49 151 234 5678" }).waitFor();
    await row("+14155550190").click();
    await page.getByText("Nothing is sent to them").waitFor();
    await page.getByRole("link", { name: "Waiting for a person" }).click();
    await page.getByText("No conversation matches").waitFor();
    await page.goto(`${base}/analytics/texts`);
    await page.getByText("The phone was off or out of reach.").waitFor();
    await check("figures");
  }

  async function campaigns() {
    await page.goto(`${base}/campaigns`);
    await page.getByText("96 arrived").waitFor();
    await check("campaigns");
    await page.getByRole("link", { name: "New campaign" }).click();
    await page.getByLabel("Name of the campaign").fill("Closed on Friday");
    await page.getByRole("textbox", { name: "People" }).fill("Jane Smith, +1 202 555 0123\nOmar Haddad, +1 202 555 0144");
    await page.getByRole("button", { name: "Check the list" }).click();
    await page.locator("[data-report]").getByText("2 people get it").waitFor();
    await page.getByText("it is too short for a number").waitFor();
    await check("people");
    await page.getByRole("button", { name: "Continue" }).click();
    const text = page.getByRole("textbox", { name: "Text", exact: true });
    await text.fill("Hello , we are closed on Friday.");
    await text.evaluate((box) => box.setSelectionRange(6, 6));
    await page.getByRole("button", { name: "{name}" }).click();
    await page.getByText(/^1 part/).waitFor();
    await page.getByRole("button", { name: "Show how it arrives" }).click();
    await page.locator("[data-sample]").first().getByText("Hello Jane Smith, we are closed").waitFor();
    await check("words");
    await page.getByRole("button", { name: "4 Check and start" }).click();
    await page.getByText("There is no consent record.").waitFor();
    expect(await page.getByRole("button", { name: /^Send to/ }).isDisabled(), "it would start without consent");
    await page.getByRole("button", { name: "Back" }).click();
    await page.getByLabel("Who vouches for it").fill("Carol Keller");
    await page.getByLabel("When they agreed").fill("January 2026");
    await page.getByLabel("What they agreed to").fill("Yes, text me about opening hours (form on our site).");
    await check("consent");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator('[data-registration="ask"]').getByText("In review", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Send to 2 people" }).isDisabled(), "it would start unasked");
    await page.getByLabel(/Start all the same/).check();
    await check("start");
    await page.getByRole("button", { name: "Send to 2 people" }).click();
    await page.getByText("Running").first().waitFor();
    await cue("some arrive");
    await page.locator('[data-count="delivered"]').getByText("arrived").waitFor();

    await page.goto(`${base}/campaigns`);
    await page.locator('[data-campaign="Winter tyres"]').click();
    await page.getByText("Of 2 people nobody knows whether the text arrived").waitFor();
    await page.locator('[data-count="undelivered"]').click();
    await page.locator("[data-recipient]").first().getByText("The phone was off or out of reach.").waitFor();
    await check("progress");
    await page.getByRole("button", { name: "Leave it at that" }).click();
    await page.locator('[data-count="left"]').waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    await page.getByRole("button", { name: "Cancel campaign" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel campaign" }).click();
    await page.getByText("Cancelled").first().waitFor();
  }

  async function numbers() {
    await page.goto(`${base}/twilio-numbers`);
    const drifted = page.locator('[data-number="+12025550111"]');
    await drifted.getByText("Texts go to another address").waitFor();
    await check("numbers");
    await drifted.getByRole("button", { name: "Repair" }).click();
    await drifted.getByText("Set as it should be").waitFor();
    await page.getByRole("button", { name: "Buy a number" }).click();
    await page.getByLabel("Area code").fill("415");
    await page.getByRole("button", { name: "Look for free numbers" }).click();
    await page.locator("[data-for-sale]").first().getByRole("button", { name: "Choose" }).click();
    const buy = page.getByRole("button", { name: "Buy this number" });
    await page.getByText(/costs .*1\.15 a month/).waitFor();
    expect(await buy.isDisabled(), "it can be bought without a word about the price");
    await check("buy");
    await page.getByLabel(/I may buy/).check();
    await buy.click();
    const bought = page.locator('[data-number^="+1415"]');
    await bought.waitFor();
    await bought.getByRole("button", { name: /^Give back/ }).click();
    const release = page.getByRole("button", { name: "Give it back", exact: true });
    expect(await release.isDisabled(), "a number can be given back by a click");
    await page.getByLabel(/Type its last digits/).fill("0120");
    await release.click();
    await bought.waitFor({ state: "detached" });

    await page.goto(`${base}/phones?open=101`);
    await page.getByRole("button", { name: "Give it an outside number" }).click();
    await page.getByRole("button", { name: "Look for free numbers" }).click();
    await page.locator("[data-for-sale]").first().getByRole("button", { name: "Choose" }).click();
    await page.getByText("Calls to it ring at Alice Keller").waitFor();
    await page.getByLabel(/I may buy/).check();
    await page.getByRole("button", { name: "Buy this number" }).click();
    await page.locator("[data-own-number]").getByText("+1 202 555 0120").waitFor();
    await cue("the number leads to the phone");
  }

  async function receptionist() {
    await page.goto(`${base}/receptionist`);
    await page.locator('[data-fact="Address"]').waitFor();
    await page.getByRole("button", { name: "Parking" }).click();
    await page.getByLabel("What is told, 3").fill("Behind the house.");
    await page.getByLabel("Greeting", { exact: true }).fill("Keller and Sons, hello.");
    await check("receptionist");
    await page.getByRole("button", { name: "As a call" }).click();
    await page.getByRole("button", { name: "Begin a call" }).click();
    await page.locator('[data-turn="us"]').getByText("Keller and Sons, hello.").waitFor();
    await page.getByLabel("Words, or keys such as 0").fill("Alice please");
    await page.getByRole("button", { name: "Say" }).click();
    await page.getByText("calls Alice Keller").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The receptionist is saved.").waitFor();
    await cue("the facts are kept");
    await page.getByRole("button", { name: "As a text" }).click();
    await page.getByLabel("Write what a customer would write").fill("When do you open?");
    await page.keyboard.press("Enter");
    await page.getByText("from: Opening hours").waitFor();
    await page.goto(`${base}/edge?tab=texts`);
    await page.getByText("Nobody has said STOP yet.").waitFor();
    await check("edge");
  }

  async function nothing() {
    for (const path of ["texts", "campaigns", "twilio-numbers", "receptionist", "analytics/texts"]) {
      await page.goto(`${base}/${path}`);
      await page.getByText("No edge yet").waitFor();
      const offered = await page.getByRole("button", { name: /^(New text|New campaign|Buy a number)/ }).count();
      if (offered > 0) throw new Error(`${path} offers what needs an edge`);
    }
    await page.getByRole("link", { name: "How to begin" }).click();
    await page.getByText("Open an account at twilio.com").waitFor();
    await check("how to begin");
    await page.evaluate(() => localStorage.setItem("language", "de"));
    await page.goto(`${base}/texts`);
    await page.getByText("Noch kein Edge").waitFor();
  }
});

leave(found);
