/** Opens pages with a phone in them in one Chromium, and does in them what lines of JSON on standard input say. */
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../site/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const { rolldown } = await import(require.resolve("rolldown"));

const [origin, sound, ...more] = process.argv.slice(2);

async function script() {
  const bundle = await rolldown({
    input: new URL("./phone.js", import.meta.url).pathname,
    platform: "browser",
    logLevel: "silent",
    resolve: { modules: [new URL("../../../site/node_modules", import.meta.url).pathname] },
  });
  const { output } = await bundle.generate({ format: "iife" });
  return output[0].code;
}

const profile = mkdtempSync(join(tmpdir(), "bellwire-page-"));
const code = await script();
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  ignoreHTTPSErrors: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-audio-capture=${sound}`,
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
    ...more,
  ],
});
await context.route(`${origin}/test-phone`, (route) =>
  route.fulfill({ contentType: "text/html", body: "<!doctype html><title>phone</title><script src=/test-phone.js></script>" }),
);
await context.route(`${origin}/test-phone.js`, (route) => route.fulfill({ contentType: "text/javascript", body: code }));

const pages = new Map();
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function open(name) {
  const page = await context.newPage();
  page.on("console", (m) => process.stderr.write(m.text() + "\n"));
  page.on("pageerror", (error) => say({ page: name, fault: String(error) }));
  await page.goto(`${origin}/test-phone`);
  pages.set(name, page);
}

async function run({ page, call, args }) {
  if (call === "open") return open(page);
  return pages.get(page).evaluate(([what, given]) => globalThis.phone[what](...given), [call, args]);
}

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.call === "events") {
    const found = await pages.get(order.page).evaluate(() => globalThis.phone.events);
    say({ id: order.id, result: found });
    continue;
  }
  run(order).then(
    (result) => say({ id: order.id, result: result ?? null }),
    (error) => say({ id: order.id, error: String(error) }),
  );
}
await context.close();
rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
