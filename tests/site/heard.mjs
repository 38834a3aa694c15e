/**
 * What is heard: a voice message is played, deleted, brought back and sent on; a prompt is recorded with the (fake)
 * microphone; a conference is led; the history is filtered and one call is told in full.
 */
import { axeFaults, overflows, withBrowser } from "./browser.mjs";
import { cue, expect, leave } from "./cues.mjs";

const setupUrl = process.argv[2];
const base = new URL(setupUrl).origin;
const PASSWORD = "correct horse battery";
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

await withBrowser({ args: ARGUMENTS }, async (page, faults) => {
  const check = async (name) => {
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`));
    await page.setViewportSize({ width: 360, height: 740 });
    if (await overflows(page)) found.push(`${name}: wider than a phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  const until = (what, wanted) => page.waitForFunction(wanted, what);

  await page.goto(setupUrl);
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();

  await hearAMessage();
  await recordAPrompt();
  await leadAConference();
  await hearARecording();
  await switchAnAgent();
  await readACall();
  found.push(...faults);

  async function hearAMessage() {
    await page.goto(`${base}/voicemail?show=101`);
    const message = page.locator("[data-message]", { hasText: "Weber" });
    await message.getByRole("button", { expanded: false }).click();
    await message.getByText("The delivery did not come").last().waitFor();
    await message.locator("svg path[d*='V']").first().waitFor({ state: "attached" });
    const player = message.locator("[data-player]");
    await player.getByRole("button", { name: "Play" }).click();
    await page.locator('[data-player="playing"]').waitFor();
    await until(0.2, (seconds) => document.querySelector("audio").currentTime > seconds);
    await cue("heard by the node");
    await page.locator('[data-box="101"]').getByText(/^1 new messages/).waitFor();
    const position = player.getByRole("slider", { name: "Position" });
    await player.getByRole("button", { name: "Pause" }).click();
    await page.locator('[data-player="paused"]').waitFor();
    const before = await page.evaluate(() => document.querySelector("audio").currentTime);
    await position.press("ArrowRight");
    await until(before + 4.5, (seconds) => document.querySelector("audio").currentTime > seconds);
    await player.getByLabel("Speed").selectOption("2");
    expect((await page.evaluate(() => document.querySelector("audio").playbackRate)) === 2, "the speed stays 1");
    await check("voicemail");

    await message.getByRole("button", { name: "Delete" }).click();
    await page.getByText("The message is in the bin").waitFor();
    await message.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await message.waitFor();
    await message.getByRole("button", { name: "Send on" }).click();
    await page.getByLabel("To the mailbox").selectOption("900");
    await page.getByRole("dialog").getByRole("button", { name: "Send on" }).click();
    await page.getByText("A copy went to Sales").waitFor();
    await page.locator('[data-box="900"]').click();
    await page.getByText("sent on by mailbox 101").waitFor();
    await cue("a new message");
    await page.locator("[data-message]", { hasText: "Just now" }).waitFor();
  }

  async function recordAPrompt() {
    await page.goto(`${base}/prompts`);
    await check("prompts");
    await page.getByRole("button", { name: "New prompt" }).click();
    await page.getByLabel("Name").fill("Over Easter");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Record here" }).click();
    await page.getByRole("button", { name: "Start recording" }).click();
    await page.getByRole("meter", { name: "Loudness" }).waitFor();
    await page.getByRole("timer").getByText("0:02").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("group", { name: "Your recording" }).waitFor();
    await page.getByRole("button", { name: "Use this recording" }).click();
    await page.getByText("The recording is in use").waitFor();
    await page.getByRole("group", { name: "Over Easter" }).getByRole("button", { name: "Play" }).click();
    await page.locator('[data-player="playing"]').waitFor();
    await check("prompt");
    await cue("the prompt is kept");
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator('[data-prompt="over-easter"]').getByText(/Recording, 0:0/).waitFor();
    await page.locator('[data-prompt="welcome"]').getByRole("link").click();
    await page.getByLabel("Upload a file").setInputFiles({ name: "no.wav", mimeType: "audio/wav", buffer: Buffer.from("no sound at all") });
    await page.getByRole("alert").waitFor();
  }

  async function leadAConference() {
    await page.goto(`${base}/conferences`);
    const room = page.locator('[data-room="800"]');
    await room.getByText("4 members").waitFor();
    await room.getByRole("img", { name: "talks" }).waitFor();
    await room.getByRole("button", { name: "Mute Bob Okafor" }).click();
    await room.getByRole("button", { name: "Let Bob Okafor speak" }).waitFor();
    await room.getByRole("button", { name: "Lock" }).click();
    await room.getByText("Locked").waitFor();
    await room.getByRole("button", { name: "Remove David Lindqvist" }).click();
    await room.getByText("3 members").waitFor();
    await room.getByLabel("Number to call in").fill("103");
    await room.getByRole("button", { name: "Call in" }).click();
    await page.getByText("103 is being called").waitFor();
    await check("conferences");
    await room.getByRole("button", { name: "End conference" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End conference" }).click();
    await room.getByText("Nobody is in it").waitFor();
  }

  async function hearARecording() {
    await page.goto(`${base}/recordings`);
    await page.getByText("Full in 200 days").waitFor();
    await page.locator("[data-recording] button").first().click();
    const player = page.locator("[data-player]");
    await player.getByText("Alice Morgan").waitFor();
    await player.getByRole("button", { name: "Play" }).click();
    await page.locator('[data-player="playing"]').waitFor();
    await check("recordings");
  }

  async function switchAnAgent() {
    await page.goto(`${base}/wallboard`);
    const queue = page.locator('[data-queue="700"]');
    await queue.getByText("82%").waitFor();
    await queue.getByLabel("Duty of David Lindqvist").selectOption("in");
    await queue.locator('[data-agent="104"]').getByText("Free").waitFor();
    await check("wallboard");
  }

  async function readACall() {
    await page.goto(`${base}/history`);
    await page.locator("[data-cdr]").first().waitFor();
    await page.getByRole("button", { name: "Filters" }).click();
    await page.getByLabel("Call flow").fill("600");
    await page.getByText("1 call", { exact: true }).waitFor();
    expect(/flow=(%22)?600/.test(page.url()), "the filter is not in the address");
    await check("history");
    await page.locator("[data-cdr]").first().getByRole("link").click();
    const drawer = page.getByRole("dialog");
    await drawer.getByText("What happened").waitFor();
    await drawer.getByText("Sounded fair", { exact: true }).waitFor();
    await drawer.getByRole("link", { name: "Show in the flow" }).waitFor();
    await drawer.locator("[data-player]").waitFor();
    await drawer.getByRole("button", { name: "Show the messages" }).click();
    await drawer.getByRole("button", { name: /INVITE/ }).first().click();
    await drawer.getByText("Call-ID: trunk-call").first().waitFor();
    await check("a call");
  }
}).catch((error) => found.push(String(error.stack ?? error)));

leave(found);
