/**
 * A Vite plugin: builds `src/pocket/sw.ts` into one classic script, `/sw.js`. Its name has no hash, because browsers look
 * there for a newer one; what it keeps is renewed when any file of the site is another.
 */
import { createHash } from "node:crypto";
import { build, type Plugin } from "vite";

const ENTRY = new URL("./src/pocket/sw.ts", import.meta.url).pathname;

export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    async generateBundle(_options, bundle) {
      const version = createHash("sha256").update(Object.keys(bundle).sort().join("\n")).digest("hex").slice(0, 12);
      this.emitFile({ type: "asset", fileName: "sw.js", source: await built(version) });
    },
    configureServer(server) {
      server.middlewares.use("/sw.js", (_request, response) => {
        built("dev").then(
          (code) => response.setHeader("Content-Type", "text/javascript").end(code),
          (fault: unknown) => response.writeHead(500).end(String(fault)),
        );
      });
    },
  };
}

async function built(version: string): Promise<string> {
  const made = await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define: { SHELL_VERSION: JSON.stringify(version) },
    build: { write: false, target: "es2022", modulePreload: false, rolldownOptions: { input: ENTRY, output: { format: "iife" } } },
  });
  const chunk = [made].flat().flatMap((each) => ("output" in each ? each.output : [])).find((each) => each.type === "chunk");
  if (chunk === undefined) throw new Error("the service worker was not built");
  return chunk.code;
}
