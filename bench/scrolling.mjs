/** How smoothly the history scrolls: `node scrolling.mjs SETUP_URL`; prints one line of JSON. */
import { withBrowser } from "../tests/site/browser.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";

await withBrowser({}, async (page) => {
  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.goto(`${base}/history`);
  await page.locator("[data-cdr]").first().waitFor();
  const tools = await page.context().newCDPSession(page);
  await tools.send("Performance.enable", { timeDomain: "threadTicks" });
  const busyS = async () =>
    (await tools.send("Performance.getMetrics")).metrics.find((each) => each.name === "TaskDuration").value;

  /** Scrolls for some seconds; at a speed, or from end to end when that is 0. */
  const scroll = async (seconds, pixelsPerS) => {
    const before = await busyS();
    const taken = await page.evaluate(
      ([duration, speed]) =>
        new Promise((resolve) => {
          const frames = [];
          const height = document.documentElement.scrollHeight - window.innerHeight;
          const start = performance.now();
          let last = start;
          const step = (now) => {
            frames.push(now - last);
            last = now;
            const s = (now - start) / 1000;
            if (s >= duration) return resolve(frames.slice(2));
            window.scrollTo(0, speed > 0 ? speed * s : (height * s) / duration);
            requestAnimationFrame(step);
          };
          requestAnimationFrame(step);
        }),
      [seconds, pixelsPerS],
    );
    const busy = ((await busyS()) - before) * 1000;
    taken.sort((one, other) => one - other);
    const at = (part) => taken[Math.min(taken.length - 1, Math.floor(taken.length * part))];
    return { frames_per_s: taken.length / seconds, p50_ms: at(0.5), p95_ms: at(0.95), busy_ms_per_frame: busy / taken.length };
  };
  const wheel = await scroll(6, 5000);
  const bar = await scroll(6, 0);
  await page.locator("[data-cdr]").first().waitFor();
  const rows = await page.evaluate(() => document.querySelectorAll('[role="row"]').length);
  const total = await page.evaluate(() => Number(document.querySelector('[role="table"]').getAttribute("aria-rowcount")) - 1);
  console.log(JSON.stringify({ total, rows_drawn: rows, wheel, bar }));
});
process.exit(0);
