/** The wizard's echo test with good and bad microphones, and a call into a draft. CALL_PICTURES=FOLDER leaves pictures. */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

process.on("uncaughtException", (error) => leave([String(error.stack).replaceAll(/\s*\n\s*/g, " | ")]));
const [, , setupUrl, hertz] = process.argv;
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
const pictures = process.env.CALL_PICTURES;
const OPTIONS = {
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"],
  permissions: ["microphone"],
  viewport: { width: 1440, height: 900 },
};

await withBrowser(OPTIONS, async (page, faults, context) => {
  const found = [];
  page.setDefaultTimeout(60_000);
  await context.addInitScript(microphone, Number(hertz));
  const button = (name) => page.getByRole("button", { name, exact: true });

  await signUp();
  await sounds();
  await callTheDraft();
  leave([...found, ...faults]);

  async function signUp() {
    await page.goto(setupUrl);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Password again").fill(PASSWORD);
    await button("Create administrator").click();
    await page.waitForURL((url) => !url.pathname.includes("setup"));
  }

  async function sounds() {
    await page.evaluate(() => localStorage.setItem("bellwire.welcome", "call"));
    await page.goto(`${base}/welcome`);
    await button("Call the echo test").waitFor();
    // Whoever tries it first has no extension, and is given one unless they do not want it.
    await page.waitForFunction(() => [...document.querySelectorAll("select")].some((each) => each.value === "101"));
    await check("echo");

    await page.evaluate(() => (window.testMicrophone = "refused"));
    await button("Call the echo test").click();
    await page.getByText("The microphone is not allowed").waitFor();
    await page.getByText("101 is your phone").waitFor();
    await check("echo-refused");

    await page.evaluate(() => (window.testMicrophone = "silent"));
    await button("Try again").click();
    await page.locator('[data-echo="faulty"]').waitFor();
    await page.getByText("Your microphone is silent").waitFor();
    // The tone came back though nobody spoke: it is the microphone, and not the way.
    expect(!(await page.getByText("No sound came back").isVisible()), "a silent microphone is taken for a way without sound");
    await check("echo-silent");

    await page.evaluate(() => (window.testMicrophone = "fine"));
    await button("Try again").click();
    await page.getByRole("meter").first().waitFor();
    await check("echo-measuring", { axe: false });
    await page.locator('[data-echo="fine"]').waitFor();
    await check("echo-fine");
    const figures = await page.locator("dl dd").allInnerTexts();
    const [level, trip] = figures.map((each) => Number.parseInt(each, 10));
    expect(level < -5 && level > -35, `the level: ${figures.join(", ")}`);
    // A machine that has much else to do takes its time.
    expect(trip >= 0 && trip < 3000, `there and back: ${figures.join(", ")}`);
    await button("Continue").click();
    await page.getByText("It works: your call was heard").waitFor();
    await check("done");
    await page.getByRole("link", { name: "Use your phone" }).click();
    await button("Use this browser as my phone").click();
    await page.locator('[data-badge="ready"]').waitFor();
    await cue("101 is the administrator's");
  }

  async function callTheDraft() {
    await page.goto(`${base}/flows/500?tab=call`);
    await button("Call this flow").last().waitFor();
    await check("call");
    await page.locator("[data-trial] button", { hasText: "Call this flow" }).click();
    await page.locator('[data-trial="talking"]').waitFor();
    await page.locator('[data-step="menu"][data-here]').waitFor();
    await page.locator('.react-flow__node[data-id="menu"] .flow-card[data-tone="live"]').waitFor();
    await check("call-talking");
    await page.locator('[data-trial] [data-key="1"]').click();
    await cue("bob answers");
    await page.locator('[data-step="bob"][data-here]').waitFor();
    await page.locator('.react-flow__node[data-id="menu"] .flow-card[data-tone="path"]').waitFor();
    await page.waitForTimeout(2500);
    await page.locator('[data-trial]').getByRole("button", { name: "Hang up", exact: true }).click();
    await cue("bob is left");
    await page.locator('[data-trial="over"]').waitFor();
    // The way stays when the call is over.
    const steps = await page.locator("[data-step]").evaluateAll((all) => all.map((each) => each.dataset.step));
    expect(steps.join(" ") === "start menu bob", `the way is ${steps.join(" ")}`);
    await check("call-over");
    await page.getByRole("link", { name: "In the history" }).click();
    await page.waitForURL(/history/);
  }

  async function check(name, { axe = true } = {}) {
    if (axe) found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
    if (!pictures) return;
    await page.setViewportSize({ width: 360, height: 740 });
    if (await overflows(page)) found.push(`${name}: wider than a phone`);
    await page.evaluate(() => void (document.documentElement.dataset.theme = "dark"));
    await page.screenshot({ path: `${pictures}/${name}-360-dark.png` });
    await page.evaluate(() => void (document.documentElement.dataset.theme = "light"));
    await page.setViewportSize({ width: 1440, height: 900 });
  }
});

/** Runs in each page: a microphone that hears one tone, or nothing, or may not be used. */
function microphone(hertz) {
  if (navigator.mediaDevices === undefined) return;
  navigator.mediaDevices.getUserMedia = async () => {
    if (window.testMicrophone === "refused") throw new DOMException("no", "NotAllowedError");
    const context = new AudioContext();
    const tone = context.createOscillator();
    const gate = context.createGain();
    tone.frequency.value = hertz;
    gate.gain.value = window.testMicrophone === "silent" ? 0 : 0.2;
    const out = context.createMediaStreamDestination();
    tone.connect(gate).connect(out);
    tone.start();
    await context.resume();
    return out.stream;
  };
}
