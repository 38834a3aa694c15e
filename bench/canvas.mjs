/**
 * How smoothly a large flow is panned and dragged: `node bench/canvas.mjs SETUP_URL NUMBER`, with the node of
 * `python -m tests.site.large_flow`. Prints frames per second, the share of frames that took longer than 20 ms, and the
 * CPU time of the page's thread, which a busy machine does not change; as JSON in its last line.
 */
import { withBrowser } from "../tests/site/browser.mjs";

const [setupUrl, number = "599"] = process.argv.slice(2);
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";

await withBrowser({}, async (page, faults) => {
  page.setDefaultTimeout(60_000);
  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.goto(`${base}/flows/${number}`);
  await page.locator(".react-flow__node").first().waitFor();
  await page.waitForTimeout(2500);
  const nodes = await page.locator(".react-flow__minimap-node").count();
  const box = await page.locator(".react-flow").boundingBox();
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };

  const found = {};
  /** Moves the mouse once a frame and measures the frames. */
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const measure = async (name, prepare, finish) => {
    await prepare();
    const before = await busy();
    const frames = page.evaluate(
      () =>
        new Promise((resolve) => {
          const times = [];
          const step = (now) => {
            times.push(now);
            if (now - times[0] < 3000) requestAnimationFrame(step);
            else resolve(times);
          };
          requestAnimationFrame(step);
        }),
    );
    const until = Date.now() + 3000;
    for (let turn = 0; Date.now() < until; turn++) {
      await page.mouse.move(middle.x + 150 * Math.sin(turn / 12), middle.y + 100 * Math.cos(turn / 9));
    }
    const times = await frames;
    const each = (1000 * ((await busy()) - before)) / (times.length - 1);
    await finish();
    const spans = times.slice(1).map((time, index) => time - times[index]);
    const slow = spans.filter((span) => span > 20).length / spans.length;
    const sorted = spans.toSorted((a, b) => a - b);
    const rate = (1000 * spans.length) / (times.at(-1) - times[0]);
    found[name] = { frames_per_s: rate, busy_ms_per_frame: each, over_20_ms: slow };
    console.log(`${name.padEnd(22)} ${rate.toFixed(1)} frames/s, median ${sorted[Math.floor(sorted.length / 2)].toFixed(1)} ms, 95 % below ${sorted[Math.floor(sorted.length * 0.95)].toFixed(1)} ms, ${(100 * slow).toFixed(1)} % over 20 ms; page's own CPU ${each.toFixed(1)} ms a frame`);
  };
  const up = () => page.mouse.up();

  const wires = await page.locator(".wire-line").count();
  console.log(`${nodes} nodes, ${wires} wires`);
  await measure("mouse over it", async () => undefined, async () => undefined);
  await measure("panning, near", async () => {
    await page.mouse.move(box.x + 12, box.y + 12);
    await page.mouse.down();
  }, up);
  await page.keyboard.press("f");
  await page.waitForTimeout(1200);
  await measure("panning, everything", async () => {
    await page.mouse.move(box.x + 12, box.y + 12);
    await page.mouse.down();
  }, up);
  await measure("dragging, everything", async () => {
    const card = await page.locator(".react-flow__node-card").nth(40).boundingBox();
    await page.mouse.move(card.x + card.width / 3, card.y + 4);
    await page.mouse.down();
  }, up);
  if (faults.length > 0) console.log(faults.join("\n"));
  console.log(JSON.stringify({ nodes, wires, ...found }));
});
process.exit(0);
