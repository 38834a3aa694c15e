/** Phones that sleep: empty, listed, woken now, forgotten; the link for Linphone; what a call's story says of waking. */
import { join } from "node:path";
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const [setupUrl, folder] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const DESK = { width: 1280, height: 800 };
const LOOKS = { light: DESK, dark: { width: 360, height: 740 } };
const found = [];

await withBrowser({}, async (page, faults) => {
  /** As it looks in either theme, wide and narrow: nothing wider than the screen, readable for all. */
  const look = async (name) => {
    for (const [theme, viewport] of Object.entries(LOOKS)) {
      await page.setViewportSize(viewport);
      await page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme);
      found.push(...(await axeFaults(page)).map((fault) => `${name} ${theme}: ${fault}`));
      if (await overflows(page)) found.push(`${name} ${theme}: wider than the screen`);
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    }
    await page.setViewportSize(DESK);
  };
  const phone = (id) => page.locator(`[data-push-phone="${id}"]`);

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await page.goto(`${base}/push-phones`);
  await page.getByText("No phone can be woken yet").waitFor();
  await look("empty");

  await cue("phones");
  await page.reload();
  await phone("pixel").getByText("Came 3 of 3 times").waitFor();
  await phone("pixel").getByRole("img", { name: "100 %" }).waitFor();
  await phone("iphone").getByText("take the app out of battery saving").waitFor();
  await phone("iphone").getByText("Is not told of missed calls").waitFor();
  await phone("gone").getByText("It is woken again when it registers").waitFor();
  await look("list");

  await phone("pixel").getByRole("button", { name: "Wake it now" }).click();
  await phone("pixel").getByText("Waking it").waitFor();
  await phone("pixel").getByText("registered within 1.8 s").waitFor();
  await phone("pixel").getByText("Came 4 of 4 times").waitFor();
  await phone("iphone").getByRole("button", { name: "Wake it now" }).click();
  await phone("iphone").getByText("the phone did not register").waitFor();
  await phone("page").getByRole("button", { name: "Wake it now" }).click();
  await phone("page").getByText("awake already").waitFor();

  await phone("gone").getByRole("button", { name: /^Forget/ }).click();
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await phone("gone").waitFor({ state: "detached" });

  await page.goto(`${base}/phones?open=101`);
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.getByRole("img", { name: "QR code that sets up Linphone for 101" }).waitFor();
  const link = await page.locator("[data-provisioning-link]").innerText();
  expect(/^http:\/\/192\.0\.2\.10:\d+\/api\/v1\/provisioning\//.test(link), `a phone is another machine than this one, and the link is ${link}`);
  await page.locator("[data-provisioning-link]").scrollIntoViewIfNeeded();
  await look("link");

  await page.goto(`${base}/history`);
  await page.locator("[data-cdr]").first().click();
  await page.getByText("The phone of Alice Morgan woke up after 1.8 s").waitFor();
  await page.getByText("The phone of Alice Morgan did not wake up").scrollIntoViewIfNeeded();

  await page.evaluate(() => localStorage.setItem("language", "de"));
  await page.goto(`${base}/push-phones`);
  await phone("iphone").getByText("Nehmen Sie die App vom Energiesparen aus").waitFor();
  await look("list-de");
  await page.goto(`${base}/phones?open=101`);
  await page.getByRole("button", { name: "Link erstellen" }).click();
  await page.getByText("Gilt einmal, bis").scrollIntoViewIfNeeded();
  found.push(...faults);
});
leave(found);
