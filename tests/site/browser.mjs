/** Debian's Chromium under playwright-core, as the site's browser tests use it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../site/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Runs `work` with a fresh browser profile; FAULT_PICTURE=FILE leaves a picture of where it failed. */
export async function withBrowser(options, work) {
  const profile = mkdtempSync(join(tmpdir(), "bellwire-site-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ARGUMENTS,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const faults = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // Refusals (401 before the log-in, 409 …) are part of the story; the browser reports them as errors too.
    const refusal = /Failed to load resource|WebSocket connection to/.test(message.text());
    if (message.type() === "error" && !refusal) faults.push(`console: ${message.text()}`);
  });
  page.setDefaultTimeout(30_000);
  fillLikeAPerson(page);
  try {
    return await work(page, faults, context);
  } catch (error) {
    if (process.env.FAULT_PICTURE) await page.screenshot({ path: process.env.FAULT_PICTURE });
    throw error;
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * `fill` types into whatever has the focus in the end: while a dialog is open, that is the dialog. So it waits until its
 * field can have it.
 */
function fillLikeAPerson(page) {
  const locator = Object.getPrototypeOf(page.locator("html"));
  if (Object.hasOwn(locator, "fillAtOnce")) return;
  locator.fillAtOnce = locator.fill;
  locator.fill = async function (text, options) {
    // The page may go away meanwhile, or the field be drawn anew: `fill` itself waits for that.
    await this.evaluate(focused).catch(() => undefined);
    return this.fillAtOnce(text, options);
  };
}

async function focused(field) {
  for (let tries = 0; tries < 1000 && field.isConnected; tries += 1) {
    field.focus({ preventScroll: true });
    if (document.activeElement === field) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Serious and critical faults of accessibility on the page as it is, as lines. Another theme changes nothing but colours. */
export async function axeFaults(page, { coloursOnly = false } = {}) {
  // The policy of the node forbids injected <script> elements; evaluating through the debugger is not that.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  // What is still fading in has the contrast of a ghost; endless animations (a pulse) are left to run.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime ?? Infinity))
        .map((one) => one.finished.catch(() => undefined)),
    ),
  );
  const found = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { resultTypes: ["violations"], runOnly }),
    coloursOnly ? { type: "rule", values: ["color-contrast"] } : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  );
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}

/** The canvas of a flow stands still: what is pressed now is what is let go of. */
export async function atRest(page) {
  await page.locator(".react-flow__node").first().waitFor();
  await page.waitForFunction(
    () => {
      const boxes = [...document.querySelectorAll(".react-flow, .react-flow__node")].map((each) => each.getBoundingClientRect());
      const now = boxes.map(({ x, y, width }) => `${x} ${y} ${width}`).join();
      if (globalThis.canvasWas !== now) [globalThis.canvasWas, globalThis.canvasSince] = [now, performance.now()];
      return performance.now() - globalThis.canvasSince > 300;
    },
    undefined,
    { polling: 50 },
  );
}

/** Whether the page can be scrolled sideways, which no page may. */
export const overflows = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
