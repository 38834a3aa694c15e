/** Pictures of every page, in both themes and three widths: `node pictures.mjs SETUP_URL FOLDER [SCALE]`. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { axeFaults, overflows, withBrowser } from "./browser.mjs";

const [setupUrl, folder, scale = "1"] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 360, height: 740 }, small: { width: 320, height: 640 } };
mkdirSync(folder, { recursive: true });

const report = [];

await withBrowser({ deviceScaleFactor: Number(scale) }, async (page, faults, context) => {
  const themes = async (name) => {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((chosen) => {
        document.documentElement.dataset.theme = chosen;
      }, theme);
      for (const [size, viewport] of Object.entries(SIZES)) {
        if (theme === "dark" && size === "small") continue;
        await page.setViewportSize(viewport);
        await page.waitForTimeout(350);
        if (await overflows(page)) report.push(`${name} ${size}: wider than the screen`);
        await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) });
        if (size !== "small") report.push(...(await axeFaults(page)).map((fault) => `${name} ${size} ${theme}: ${fault}`));
      }
      await page.setViewportSize(SIZES.desk);
    }
  };
  const visit = async (path, name, ready) => {
    await page.goto(`${base}${path}`);
    await ready();
    await themes(name);
  };

  await page.goto(setupUrl);
  await page.getByRole("heading", { name: "Welcome to Bellwire" }).waitFor();
  await themes("setup");
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.locator("[data-call]").first().waitFor();
  await themes("dashboard");

  await visit("/live", "live", () => page.locator("[data-call]").first().waitFor());
  await visit("/phones", "phones", () => page.locator("[data-phone]").first().waitFor());
  await visit("/phones?open=103", "phone", () => page.getByRole("heading", { name: "Devices" }).waitFor());
  await page.getByRole("button", { name: "Show login and code" }).click();
  await page.getByRole("img", { name: /QR code/ }).waitFor();
  await themes("phone-login");
  await visit("/phones?open=new", "phone-new", () => page.getByRole("heading", { name: "New phone" }).waitFor());
  await visit("/history", "history", () => page.locator("[data-cdr]").first().waitFor());
  await page.locator("[data-cdr]", { hasText: /Front desk.*Bob Okafor/s }).first().click();
  await page.getByText("What happened").waitFor();
  await themes("call");
  const pages = ["voicemail", "recordings", "conferences", "wallboard", "analytics", "flows", "ring-groups", "queues", "mailboxes", "schedules", "prompts", "records", "numbers", "trunks", "outbound-routes", "settings", "users", "tokens", "audit", "guard", "traces", "webhooks", "documents", "system", "account", "welcome", "connect"];
  for (const each of pages) await visit(`/${each}`, each, () => page.getByRole("heading", { level: 1 }).waitFor());
  await visit("/history?show=busy&q=999", "history-none", () => page.getByText("No call matches").waitFor());
  await page.goto(`${base}/`);
  await page.locator("[data-call]").first().waitFor();
  await page.getByText("All is well").waitFor();
  await context.setOffline(true);
  await page.evaluate(() => undefined);
  await page.getByText("The node cannot be reached.").waitFor({ timeout: 60_000 });
  await themes("offline");
  await context.setOffline(false);
  await page.locator('[data-link="online"]').first().waitFor({ timeout: 30_000 });
  await visit("/nothing", "not-found", () => page.getByText("no such page").waitFor());
  await page.goto(`${base}/`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await themes("login");
  report.push(...faults);
});

console.log(report.length === 0 ? "no faults" : report.join("\n"));
