/**
 * The phone in the site: Anna and Ben in a browser each, Carla at a desk phone. PHONE_PICTURES=FOLDER leaves pictures.
 */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const base = process.argv[2];
const PASSWORD = "correct horse battery";
const pictures = process.env.PHONE_PICTURES;
const found = [];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];
const OPTIONS = { args: ARGUMENTS, permissions: ["microphone"] };

await withBrowser(OPTIONS, async (anna, faults) => {
  await withBrowser(OPTIONS, async (ben, moreFaults) => {
    const shoot = async (page, name) => {
      if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
    };
    const check = async (page, name) => {
      found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
      await shoot(page, `${name}-wide`);
      await page.setViewportSize({ width: 360, height: 740 });
      if (await overflows(page)) found.push(`${name}: wider than a phone`);
      found.push(...(await axeFaults(page)).map((fault) => `${name} at 360: ${fault}`));
      await shoot(page, `${name}-360`);
      await page.setViewportSize({ width: 1280, height: 800 });
    };
    // Both layouts are in the page, and one of them in sight.
    const seen = (page, selector) => page.locator(selector).filter({ visible: true }).first();
    const press = (page, name) => page.getByRole("button", { name, exact: true }).filter({ visible: true }).first().click();
    const state = (page, word) => seen(page, `[data-stage="${word}"]`).waitFor();
    const put = async (page) => {
      await state(page, "ended");
      await press(page, "Done");
      await page.locator("[data-stage]").first().waitFor({ state: "detached" });
    };

    for (const page of [anna, ben]) {
      page.setDefaultTimeout(30_000);
      await page.addInitScript(() => {
        const Connection = globalThis.RTCPeerConnection;
        globalThis.connections = [];
        globalThis.RTCPeerConnection = class extends Connection {
          constructor(...rest) {
            super(...rest);
            globalThis.connections.push(this);
          }
        };
      });
    }
    const putAll = async (page) => {
      const done = page.getByRole("button", { name: "Done" }).filter({ visible: true });
      while ((await done.count()) > 0) await done.first().click({ timeout: 1000 }).catch(() => undefined);
    };

    await signIn(anna, "anna");
    await signIn(ben, "ben");
    await truth();
    await echo();
    await find();
    await pageToPage();
    await transfers();
    await second();
    await otherTab();
    await docked();
    found.push(...faults, ...moreFaults);

    async function signIn(page, name) {
      await page.goto(`${base}/phone`);
      await page.getByLabel("User name").fill(name);
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Use this browser as my phone" }).waitFor();
      if (name === "anna") await check(page, "start");
      await page.getByRole("button", { name: "Use this browser as my phone" }).click();
      await seen(page, "[data-dial]").waitFor();
    }

    /** The node's word and the page's own agree before the badge says that it can be rung. */
    async function truth() {
      for (const page of [anna, ben]) await page.locator('[data-badge="ready"]').waitFor();
      await anna.locator("[data-badge]").click();
      await anna.locator('[data-part="connected"][data-state="yes"]').waitFor();
      await anna.locator('[data-part="reachable"][data-state="yes"]').waitFor();
      await anna.locator('[data-part="audio"][data-state="unsure"]').waitFor();
      await check(anna, "badge");
      await anna.locator("[data-badge]").click();
    }

    async function echo() {
      await seen(anna, "[data-dial]").fill("*43");
      await anna.keyboard.press("Enter");
      await state(anna, "talking");
      await seen(anna, '[data-quality="good"]').waitFor();
      await check(anna, "talking");
      await anna.keyboard.press("x");
      await put(anna);
      await anna.locator("[data-badge]").click();
      await anna.locator('[data-part="audio"][data-state="yes"]').waitFor();
      await anna.locator("[data-badge]").click();
    }

    async function find() {
      const box = seen(anna, "[data-dial]");
      await box.fill("236"); // BEN
      await anna.getByRole("list", { name: "Found" }).filter({ visible: true }).getByText("Ben Okafor").waitFor();
      await check(anna, "search");
      await box.fill("");
      await anna.evaluate(() => navigator.clipboard.writeText("Tel.: +49 (0)30 / 90 18 - 20").catch(() => undefined));
      await box.evaluate((element) => {
        const data = new DataTransfer();
        data.setData("text", "+49 (0)30 / 90 18 - 20");
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      });
      expect((await box.inputValue()) === "+4930901820", `pasted: ${await box.inputValue()}`);
      await anna.keyboard.press("Escape");
      expect((await box.inputValue()) === "", "Escape does not empty the number");
    }

    async function pageToPage() {
      await seen(anna, '[data-person="102"] button').click();
      await state(ben, "ringing");
      await ben.getByText("Anna Meier").filter({ visible: true }).first().waitFor();
      await check(ben, "ringing");
      await ben.keyboard.press("Enter");
      for (const page of [anna, ben]) await state(page, "talking");
      await seen(ben, '[data-quality="good"]').waitFor();
      await anna.keyboard.press(" ");
      await anna.getByRole("button", { name: "Speak" }).filter({ visible: true }).waitFor();
      await anna.keyboard.press("m");
      await anna.keyboard.press("h");
      await anna.getByText("On hold").filter({ visible: true }).first().waitFor();
      await anna.keyboard.press("h");
      await anna.getByText("On hold").filter({ visible: true }).first().waitFor({ state: "detached" });
      await seen(anna, "[data-note]").fill("Wants the blue one.");
      await anna.getByText("Kept").filter({ visible: true }).first().waitFor();
      await cue("the note is kept");
      await press(ben, "Hang up");
      await put(anna);
      await put(ben);
    }

    /** Ben asks Carla first, and connects Anna with her; then Anna sends Ben on at once. */
    async function transfers() {
      await seen(anna, '[data-person="102"] button').click();
      await state(ben, "ringing");
      await ben.keyboard.press("Enter");
      await state(ben, "talking");
      await ben.keyboard.press("t");
      await ben.getByRole("button", { name: "Ask first: Carla Weiß" }).filter({ visible: true }).waitFor();
      await check(ben, "transfer");
      await ben.getByRole("button", { name: "Ask first: Carla Weiß" }).filter({ visible: true }).click();
      await cue("carla answers");
      await state(ben, "talking");
      await seen(ben, '[data-strip="talking"]').waitFor();
      await check(ben, "two-calls");
      await press(ben, "Transfer");
      await ben.getByRole("button", { name: /^Connect .* with / }).filter({ visible: true }).click();
      await state(ben, "ended");
      await state(anna, "talking");
      await anna.getByRole("heading", { name: "Carla Weiß" }).filter({ visible: true }).waitFor();
      await shoot(ben, "transferred");
      await putAll(ben);
      await cue("carla hangs up");
      await put(anna);
    }

    /** A second call rings while one talks, and all three talk together. */
    async function second() {
      await seen(anna, '[data-person="102"] button').click();
      await state(ben, "ringing");
      await ben.keyboard.press("Enter");
      await state(anna, "talking");
      await cue("carla calls anna");
      await anna.getByText("Carla Weiß").filter({ visible: true }).first().waitFor();
      expect((await anna.locator('[data-stage="talking"], [data-strip="talking"]').filter({ visible: true }).count()) === 1, "the first call is hidden");
      await check(anna, "second-rings");
      await anna.getByRole("button", { name: /^(Answer|Hold the other and answer)$/ }).filter({ visible: true }).first().click();
      await seen(anna, '[data-strip="talking"]').waitFor();
      await press(anna, "Join all");
      await anna.getByText("All three").filter({ visible: true }).first().waitFor();
      expect(await hears(ben, 880), "Ben does not hear Carla's tone through Anna");
      await shoot(anna, "three");
      await press(anna, "Part");
      await cue("carla hangs up");
      await press(ben, "Hang up");
      for (const page of [anna, ben]) {
        await page.locator('[data-stage="talking"], [data-strip="talking"]').first().waitFor({ state: "detached" });
        await putAll(page);
      }
    }

    /** Whether a tone stands out of what comes to a page, within a few seconds. */
    function hears(page, hertz) {
      return page.evaluate(async (wanted) => {
        const live = globalThis.connections.filter((each) => each.connectionState === "connected");
        const tracks = live.flatMap((each) => each.getReceivers().map((receiver) => receiver.track));
        const context = new AudioContext();
        await context.resume();
        const analyser = context.createAnalyser();
        analyser.fftSize = 8192;
        for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        const levels = new Float32Array(analyser.frequencyBinCount);
        const at = Math.round((wanted * analyser.fftSize) / context.sampleRate);
        for (let tries = 0; tries < 80; tries += 1) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          analyser.getFloatFrequencyData(levels);
          const near = Math.max(...levels.slice(at - 2, at + 3));
          const around = [...levels.slice(at - 60, at - 15), ...levels.slice(at + 16, at + 61)].sort((a, b) => a - b);
          if (near > -70 && near - around[around.length >> 1] > 20) return true;
        }
        return false;
      }, hertz);
    }

    async function otherTab() {
      const tab = await anna.context().newPage();
      await tab.goto(`${base}/phone`);
      await tab.getByText("The phone is open in another tab").waitFor();
      await seen(tab, "[data-dial]").fill("*43");
      await tab.keyboard.press("Enter");
      await state(anna, "talking");
      await state(tab, "talking");
      await shoot(tab, "other-tab");
      await press(tab, "Hang up");
      await put(tab);
      await tab.getByRole("button", { name: "Use it here" }).click();
      await anna.getByText("The phone is open in another tab").waitFor();
      await tab.close();
      await anna.locator('[data-badge="ready"]').waitFor();
    }

    async function docked() {
      await anna.goto(`${base}/history`);
      await anna.locator("[data-launcher]").click();
      await anna.locator("[data-dock] [data-dial]").waitFor();
      await check(anna, "docked");
    }
  });
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
