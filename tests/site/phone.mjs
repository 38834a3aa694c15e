/**
 * The phone in the site: Anna and Ben in a browser each, Carla at a desk phone. PHONE_PICTURES=FOLDER leaves pictures.
 */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave, until } from "./cues.mjs";

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
        // What a headset's buttons would call.
        globalThis.keys = {};
        const { mediaSession } = navigator;
        const set = mediaSession.setActionHandler.bind(mediaSession);
        mediaSession.setActionHandler = (action, handler) => {
          globalThis.keys[action] = handler;
          set(action, handler);
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
    await parks();
    await second();
    await otherTab();
    await docked();
    await hands();
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
      await until(async () => (await box.inputValue()) === "+4930901820", "the pasted number is not made plain");
      await anna.keyboard.press("Escape");
      await until(async () => (await box.inputValue()) === "", "Escape does not empty the number");
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

    /** Carla is put into a slot, whose lamp shows on both pages, and is fetched with a press. */
    async function parks() {
      await seen(anna, '[data-person="103"] button').click();
      await cue("carla answers");
      await state(anna, "talking");
      await anna.keyboard.press("p");
      await check(anna, "park");
      await anna.getByTitle("Park in slot 3").filter({ visible: true }).click();
      for (const page of [ben, anna]) await seen(page, '[data-slot="3"]').waitFor();
      await putAll(anna);
      await check(anna, "parked");
      await seen(anna, '[data-slot="3"] button').click();
      await state(anna, "talking");
      await anna.keyboard.press("x");
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
      const talking = anna.locator('[data-stage="talking"], [data-strip="talking"]').filter({ visible: true });
      await until(async () => (await talking.count()) === 1, "the first call is hidden");
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

    /** A link to a number on any page calls it; another headset in mid call takes over; its buttons work. */
    async function hands() {
      await anna.evaluate(() => {
        const link = Object.assign(document.createElement("a"), { href: "tel:*43", textContent: "the echo" });
        document.body.append(link);
        link.click();
        link.remove();
      });
      await state(anna, "talking");
      // The call is answered before its keys are agreed on, and sound goes out.
      await until(async () => (await said(anna)).sent > 0, "nothing is said");
      const before = await said(anna);
      await anna.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
      await until(async () => (await said(anna)).track !== before.track, "the call still has the microphone of before");
      const swapped = await said(anna);
      expect(swapped.state === "live", `the new microphone is ${swapped.state}`);
      await until(async () => (await said(anna)).sent > swapped.sent + 25, "nothing is said with the new microphone");
      await anna.evaluate(() => globalThis.keys.togglemicrophone());
      await anna.getByRole("button", { name: "Speak" }).filter({ visible: true }).first().waitFor();
      await anna.evaluate(() => globalThis.keys.togglemicrophone());
      await anna.getByRole("button", { name: "Speak" }).filter({ visible: true }).first().waitFor({ state: "detached" });
      await anna.evaluate(() => globalThis.keys.hangup());
      await put(anna);
    }

    /** What the newest call says with, and how many packets it has sent: none before it is connected. */
    function said(page) {
      return page.evaluate(async () => {
        const live = globalThis.connections.filter((each) => each.connectionState === "connected").at(-1);
        const sender = live?.getSenders().find((each) => each.track?.kind === "audio");
        if (sender === undefined) return { sent: 0 };
        const stats = [...(await sender.getStats()).values()].find((each) => each.type === "outbound-rtp");
        return { track: sender.track?.id, state: sender.track?.readyState, sent: stats?.packetsSent ?? 0 };
      });
    }
  });
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
