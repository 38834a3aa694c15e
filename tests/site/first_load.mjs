/** What a browser fetches until the first page stands: prints one line with the bytes of all scripts, as they travelled. */
import { withBrowser } from "./browser.mjs";
import { leave } from "./cues.mjs";

const base = new URL(process.argv[2]).origin;
const BUDGET_BYTES = 200 * 1024;

await withBrowser({}, async (page, faults) => {
  await page.goto(`${base}/`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => new URL(name).pathname.endsWith(".js"))
      .map(({ name, encodedBodySize }) => ({ name: new URL(name).pathname, bytes: encodedBodySize })),
  );
  const bytes = scripts.reduce((sum, script) => sum + script.bytes, 0);
  if (scripts.length < 2) faults.push(`only ${scripts.length} scripts were seen`);
  if (bytes > BUDGET_BYTES) faults.push(`${bytes} bytes of script: ${JSON.stringify(scripts)}`);
  process.stdout.write(`${bytes} bytes in ${scripts.length} scripts\n`);
  leave(faults);
});
