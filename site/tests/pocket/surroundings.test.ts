/** What stands in the way of ringing, what the worker answers from memory, and what the manifest promises. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isIos, obstacleOf, type Surroundings } from "../../src/pocket/platform.ts";
import { sameKey } from "../../src/pocket/pocket.ts";
import { kindOf } from "../../src/pocket/shell.ts";

const CHROME: Surroundings = {
  secure: true,
  userAgent: "Mozilla/5.0 (Linux; Android 15) Chrome/140",
  touchPoints: 5,
  serviceWorker: true,
  pushManager: true,
  notification: true,
  standalone: false,
};
const IPHONE = { ...CHROME, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605", pushManager: false };
const IPAD = { ...IPHONE, userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605" };

describe("what stands in the way", () => {
  it.each([
    ["nothing", CHROME, undefined],
    ["no secure page", { ...CHROME, secure: false }, "insecure"],
    ["an iPhone's browser", IPHONE, "install"],
    ["an iPad that calls itself a Mac", IPAD, "install"],
    ["nothing on its Home Screen", { ...IPHONE, standalone: true, pushManager: true }, undefined],
    ["an old iPhone, though on its Home Screen", { ...IPHONE, standalone: true }, "unsupported"],
    ["a browser without push", { ...CHROME, pushManager: false }, "unsupported"],
  ])("%s", (_, around, why) => expect(obstacleOf(around)).toBe(why));

  it("is not an iPhone's where a Mac has no touch screen", () => expect(isIos({ ...IPAD, touchPoints: 0 })).toBe(false));
});

describe("what is answered from memory", () => {
  const origin = "https://office.example";
  const kind = (path: string, mode = "navigate", method = "GET") => kindOf({ url: new URL(path, origin).href, mode, method }, origin);

  it("is never anything of the API", () => {
    for (const path of ["/api/v1/session", "/api/docs", "/metrics", "/ws/sip", "/sw.js", "/theme.js", "https://elsewhere.example/assets/a-12345678.js"]) {
      expect(kind(path)).toBeUndefined();
      expect(kind(path, "cors")).toBeUndefined();
    }
    expect(kind("/phone", "navigate", "POST")).toBeUndefined();
  });

  it("is what never changes under its name, and the page itself", () => {
    expect(kind("/assets/index-DdK_1-9x.js", "cors")).toBe("asset");
    expect(kind("/assets/plain.js", "cors")).toBeUndefined();
    expect(["/", "/phone", "/flows/500"].map((each) => kind(each))).toEqual(["page", "page", "page"]);
  });
});

describe("the key of a subscription", () => {
  it("is compared as the node writes it", () => {
    const key = new Uint8Array([4, 251, 255, 191, 7]);
    expect(sameKey(key.buffer, "BPv_vwc")).toBe(true);
    expect(sameKey(key.buffer, "BPv_vwc=")).toBe(true);
    expect(sameKey(key.buffer, "BPv_vwd")).toBe(false);
    expect(sameKey(null, "BPv_vwc")).toBe(false);
  });
});

describe("the manifest", () => {
  const read = (name: string) => JSON.parse(readFileSync(new URL(`../../public/${name}`, import.meta.url), "utf8")) as Manifest;
  const english = read("app.webmanifest");

  interface Manifest {
    readonly start_url: string;
    readonly scope: string;
    readonly display: string;
    readonly icons: readonly { readonly src: string; readonly sizes: string; readonly purpose: string }[];
    readonly shortcuts: readonly { readonly url: string }[];
  }

  it("can be installed: its icons are there, one of them may be cut to any shape", () => {
    expect(english).toMatchObject({ start_url: "/phone", scope: "/", display: "standalone" });
    for (const { src } of english.icons) expect(existsSync(new URL(`../../public${src}`, import.meta.url)), src).toBe(true);
    expect(english.icons.filter((each) => each.purpose === "maskable").map((each) => each.sizes)).toEqual(["192x192", "512x512"]);
  });

  it("is the same app in German", () => {
    const german = read("app.de.webmanifest");
    expect({ ...german, name: "", description: "", lang: "", shortcuts: [] }).toEqual({ ...english, name: "", description: "", lang: "", shortcuts: [] });
    expect(german.shortcuts.map((each) => each.url)).toEqual(english.shortcuts.map((each) => each.url));
  });
});
