/**
 * A phone page is closed, and rings all the same. POCKET_PICTURES=FOLDER leaves pictures.
 *
 * What the node pushes is read from the test (argument 2, in clear) and delivered to the service worker by DevTools. The
 * subscription is the test's too (argument 3): this browser's own push service cannot be reached.
 */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

process.on("uncaughtException", (error) => leave([String(error.stack).replaceAll(/\s*\n\s*/g, " | ")]));
const [, , base, control, subscription] = process.argv;
const PASSWORD = "correct horse battery";
const PAGE_HZ = 700;
const pictures = process.env.POCKET_PICTURES;
const OPTIONS = {
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"],
  permissions: ["microphone", "notifications"],
};

await withBrowser(OPTIONS, async (page, faults, context) => {
  const found = [];
  let taken = 0;
  await context.addInitScript(standIns, { subscription: JSON.parse(subscription), hertz: PAGE_HZ });
  page.setDefaultTimeout(60_000);

  // A page that is none of the node's keeps the browser, and its service worker, within reach of DevTools.
  const beside = await context.newPage();
  const tools = await context.newCDPSession(beside);
  let registrationId = "";
  tools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    for (const each of registrations) if (each.scopeURL.startsWith(base) && !each.isDeleted) registrationId = each.registrationId;
  });
  await tools.send("ServiceWorker.enable");

  const worker = await switchOn();
  await closeIt(page);
  // Its session has ended meanwhile: the device that it is takes the call all the same.
  await context.clearCookies();
  const opened = await answer();
  await hangUp(opened);
  await noGhostAfterACancel();
  await noGhostFromALatePush();
  await decline();
  leave([...found, ...faults]);

  async function switchOn() {
    await page.goto(`${base}/phone`);
    await page.getByLabel("User name").fill("anna");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Use this browser as my phone" }).click();
    const offer = page.locator("[data-pocket-offer]");
    await offer.waitFor();
    await check("offer");
    await offer.getByRole("button", { name: "Ring here" }).click();
    await offer.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Sound and settings" }).first().click();
    const key = await page.evaluate(() => window.subscribedWith);
    await fetch(control, { method: "POST", body: key });
    await page.locator('[data-pocket="on"]').waitFor();
    await page.locator('[data-pocket="on"]').scrollIntoViewIfNeeded();
    await check("settings");
    await page.keyboard.press("Escape");
    // The line is opened anew, as the device.
    await page.locator('[data-badge="ready"]').waitFor();
    await cue("the device is known");
    return context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  }

  async function answer() {
    await cue("carla calls");
    const push = await pushed("incoming");
    expect(push.decline?.length > 15, "the push brings no right to decline");
    const shown = await shows(push);
    expect(shown.title === "Carla Weiß", `who calls: ${shown.title}`);
    expect(shown.actions.join() === "answer,decline", `buttons: ${shown.actions.join()}`);
    const [url] = await touch("answer");
    const phone = await context.newPage();
    phone.setDefaultTimeout(60_000);
    await phone.goto(new URL(url, base).href);
    // It is answered by nobody but the page itself.
    await phone.locator('[data-stage="talking"]').filter({ visible: true }).first().waitFor();
    expect(!phone.url().includes("push="), `the call is still in the address: ${phone.url()}`);
    await cue("carla talks");
    await phone.locator('[data-quality="good"]').filter({ visible: true }).first().waitFor();
    await cue("it woke");
    expect((await notifications()).length === 0, "a notification of the answered call is left");
    if (pictures) await phone.screenshot({ path: `${pictures}/answered.png` });
    await phone.waitForTimeout(2500);
    return phone;
  }

  async function hangUp(phone) {
    await phone.getByRole("button", { name: "Hang up" }).filter({ visible: true }).first().click();
    await cue("carla is left");
    await closeIt(phone);
  }

  async function noGhostAfterACancel() {
    await cue("carla calls");
    await shows(await pushed("incoming"));
    await cue("carla hangs up");
    await deliver(await pushed("cancel"));
    const shown = await notification((each) => each.kind !== "incoming");
    expect(shown.actions.length === 0, "a call that is over can be answered");
    await cue("carla is left");
    await nothingRings();
    await cue("nothing rings");
  }

  /** The push is held up by its service until the call is long over, and its cancel came first. */
  async function noGhostFromALatePush() {
    await cue("carla calls");
    const late = await pushed("incoming");
    await cue("carla hangs up");
    await deliver(await pushed("cancel", late.call_id));
    await deliver(late);
    await notification((each) => each.call === late.call_id && each.kind === "missed");
    await cue("carla is left");
    await nothingRings();
    // And one whose time is over, though nothing else was heard of it.
    await deliver({ ...late, call_id: "an-old-one", expires_at: String(Math.floor(Date.now() / 1000) - 60) });
    await notification((each) => each.call === "an-old-one" && each.kind === "missed");
    await nothingRings();
  }

  async function decline() {
    await cue("carla calls");
    await shows(await pushed("incoming"));
    const urls = await touch("decline");
    expect(urls.length === 0, "declining opens a page");
    await cue("carla is declined");
    await nothingRings();
    await cue("nothing rings");
  }

  /** Closed as the browser closes it: the node is told nothing but that the connection is gone. */
  async function closeIt(which) {
    await which.close({ runBeforeUnload: false });
    await beside.waitForTimeout(500);
  }

  /** The next push of that kind, and call; what is told of others in between is delivered as it would be. */
  async function pushed(kind, call = undefined) {
    for (let tries = 0; tries < 300; tries += 1) {
      const all = await (await fetch(control)).json();
      while (taken < all.length) {
        const push = all[taken];
        taken += 1;
        if (push.kind === kind && (call === undefined || push.call_id === call)) return push;
        await deliver(push);
      }
      await beside.waitForTimeout(100);
    }
    throw new Error(`no ${kind} was pushed`);
  }

  async function deliver(push) {
    expect(registrationId !== "", "DevTools knows no service worker");
    await tools.send("ServiceWorker.deliverPushMessage", { origin: base, registrationId, data: JSON.stringify(push) });
  }

  /** A call that rings now. As a push service does, it is delivered again when the browser was too slow to start its worker. */
  async function shows(push) {
    for (let times = 1; ; times += 1) {
      await deliver(push);
      const shown = await notification((each) => each.kind === "incoming", 100).catch((error) => error);
      if (!(shown instanceof Error)) return shown;
      if (times === 3) throw shown;
    }
  }

  async function notifications() {
    return worker.evaluate(async () =>
      (await self.registration.getNotifications()).map(({ title, body, actions, data }) => ({ title, body, actions: actions.map(({ action }) => action), kind: data.kind, call: data.call })),
    );
  }

  async function notification(is, most = 400) {
    for (let tries = 0; tries < most; tries += 1) {
      const one = (await notifications()).find(is);
      if (one !== undefined) return one;
      await beside.waitForTimeout(100);
    }
    throw new Error(`notifications: ${JSON.stringify(await notifications())}`);
  }

  async function nothingRings() {
    const ringing = (await notifications()).filter(({ kind }) => kind === "incoming");
    expect(ringing.length === 0, `rings though the call is over: ${JSON.stringify(ringing)}`);
  }

  /**
   * DevTools cannot press a notification. The worker's own handler gets the event that the browser would send; since no
   * person has pressed anything, the browser would not open a window for it: the addresses are noted, and opened here.
   */
  function touch(action) {
    return worker.evaluate(async (action) => {
      const [shown] = (await self.registration.getNotifications()).filter(({ data }) => data.kind === "incoming");
      const urls = [];
      const open = self.clients.openWindow;
      self.clients.openWindow = (url) => Promise.resolve(void urls.push(url));
      const event = new NotificationEvent("notificationclick", { notification: shown, action });
      let done;
      Object.defineProperty(event, "waitUntil", { value: (work) => (done = work) });
      self.dispatchEvent(event);
      await done;
      self.clients.openWindow = open;
      return urls;
    }, action);
  }

  async function check(name) {
    for (const dark of [false, true]) {
      await page.evaluate((on) => void (document.documentElement.dataset.theme = on ? "dark" : "light"), dark);
      const look = dark ? `${name}-dark` : name;
      found.push(...(await axeFaults(page, { coloursOnly: dark })).map((fault) => `${look}: ${fault}`));
      if (pictures) await page.screenshot({ path: `${pictures}/${look}-wide.png` });
      await page.setViewportSize({ width: 360, height: 740 });
      if (await overflows(page)) found.push(`${look}: wider than a phone`);
      if (pictures) await page.screenshot({ path: `${pictures}/${look}-360.png` });
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    await page.evaluate(() => void (document.documentElement.dataset.theme = "light"));
  }
});

/** Runs in each page: a push service that takes any key, and a microphone that hears one tone. */
function standIns({ subscription, hertz }) {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const made = (key) => ({
    endpoint: subscription.endpoint,
    options: { userVisibleOnly: true, applicationServerKey: bytes(key).buffer },
    toJSON: () => subscription,
    unsubscribe: () => Promise.resolve(true).finally(() => localStorage.removeItem("test.push")),
  });
  if ("PushManager" in window) {
    PushManager.prototype.subscribe = ({ applicationServerKey }) => {
      window.subscribedWith = applicationServerKey;
      localStorage.setItem("test.push", applicationServerKey);
      return Promise.resolve(made(applicationServerKey));
    };
    PushManager.prototype.getSubscription = () => {
      const key = localStorage.getItem("test.push");
      return Promise.resolve(key === null ? null : made(key));
    };
  }
  if (navigator.mediaDevices !== undefined) {
    navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext();
      const tone = context.createOscillator();
      const gate = context.createGain();
      tone.frequency.value = hertz;
      gate.gain.value = 0.25;
      const out = context.createMediaStreamDestination();
      tone.connect(gate).connect(out);
      tone.start();
      await context.resume();
      return out.stream;
    };
  }
}
