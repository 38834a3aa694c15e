/** What the service worker does with pushes and touches, in a scope of the test's own. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ToPage } from "../../src/pocket/intent.ts";
import { Worker, type Page, type Scope } from "../../src/pocket/worker.ts";

const kept = new Map<string, unknown>();

vi.mock("../../src/pocket/keep.ts", () => ({
  read: (key: string) => Promise.resolve(kept.get(key)),
  write: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  remove: (key: string) => Promise.resolve(void kept.delete(key)),
}));

const NOW = 1_800_000_000_000;

interface Shown {
  readonly title: string;
  readonly tag: string;
  readonly data: { readonly kind: string; readonly call: string; readonly caller: string };
  readonly actions: readonly { readonly action: string }[];
  readonly requireInteraction: boolean;
  readonly silent: boolean;
  close(): void;
}

class Browser {
  now = NOW;
  shown: Shown[] = [];
  pages: (Page & { readonly told: ToPage[]; focused: boolean })[] = [];
  opened: string[] = [];
  asked: { readonly url: string; readonly body: unknown; readonly credentials: unknown }[] = [];
  slept = Promise.resolve();
  readonly worker = new Worker(this.scope());

  constructor() {
    vi.stubGlobal("fetch", (url: string, options: RequestInit) => {
      this.asked.push({ url, body: JSON.parse(options.body as string), credentials: options.credentials });
      return Promise.resolve(new Response(null, { status: 204 }));
    });
  }

  private scope(): Scope {
    return {
      registration: {
        showNotification: (title: string, options: Record<string, unknown>) => {
          const shown = { title, ...options, close: () => this.shown.splice(this.shown.indexOf(shown), 1) } as unknown as Shown;
          this.shown = [...this.shown.filter((each) => each.tag !== shown.tag), shown];
          return Promise.resolve();
        },
        getNotifications: ({ tag }: { tag?: string } = {}) => Promise.resolve(this.shown.filter((each) => tag === undefined || each.tag === tag)),
      } as unknown as ServiceWorkerRegistration,
      clients: {
        matchAll: () => Promise.resolve(this.pages),
        openWindow: (url) => Promise.resolve(void this.opened.push(url)),
      },
      now: () => this.now,
      sleep: async (ms) => {
        await this.slept;
        this.now += ms;
      },
    };
  }

  page(path: string) {
    const page = {
      url: `https://office.example${path}`,
      visibilityState: "hidden" as const,
      told: [] as ToPage[],
      focused: false,
      focus: () => Promise.resolve(void (page.focused = true)),
      postMessage: (message: ToPage) => void page.told.push(message),
    };
    this.pages.push(page);
    return page;
  }

  /** Its end is far away: nothing of it is waited for. */
  ring(changes: Readonly<Record<string, string>> = {}): Promise<void> {
    this.slept = new Promise(() => undefined);
    void this.worker.push({ kind: "incoming", call_id: "c-1", caller: "101", caller_name: "Ann", expires_at: String(NOW / 1000 + 15), decline: "secret", ...changes });
    return vi.waitFor(() => expect(this.shown.some((each) => each.tag === `call:${changes["call_id"] ?? "c-1"}`)).toBe(true));
  }

  async touch(action: string): Promise<void> {
    const [shown] = this.shown;
    if (shown === undefined) throw new Error("nothing is shown");
    await this.worker.touched(action, shown);
  }
}

let browser: Browser;

beforeEach(() => {
  kept.clear();
  browser = new Browser();
});

describe("a call to a closed page", () => {
  it("does not ring when its cancel came a moment before it, and both are read at once", async () => {
    browser.slept = new Promise(() => undefined);
    const ends = String(NOW / 1000 + 15);
    void browser.worker.push({ kind: "cancel", call_id: "c-1", caller: "101", caller_name: "Ann", expires_at: ends });
    void browser.worker.push({ kind: "incoming", call_id: "c-1", caller: "101", caller_name: "Ann", expires_at: ends, decline: "secret" });
    await vi.waitFor(() => expect(browser.shown).toMatchObject([{ requireInteraction: false, data: { kind: "missed" } }]));
  });

  it("rings, and answering opens the phone with it", async () => {
    await browser.ring();
    expect(browser.shown).toMatchObject([{ title: "Ann", requireInteraction: true, silent: false }]);
    await browser.touch("answer");
    expect(browser.shown).toEqual([]);
    expect(browser.opened).toEqual(["/phone?push=c-1&answer=1&who=Ann+%28101%29"]);
  });

  it("is only shown when the notification itself is touched, as where there are no buttons", async () => {
    await browser.ring();
    await browser.touch("");
    expect(browser.opened).toEqual(["/phone?push=c-1&who=Ann+%28101%29"]);
  });

  it("goes to the phone that is open already, in a page of the site that is something else it opens anew", async () => {
    browser.page("/flows");
    const phone = browser.page("/phone");
    await browser.ring();
    await browser.touch("answer");
    expect(phone).toMatchObject({ focused: true, told: [{ type: "bellwire-call", intent: { call: "c-1", answer: true } }] });
    expect(browser.opened).toEqual([]);
  });

  it("is declined with the push's own secret, without a log-in", async () => {
    const page = browser.page("/phone");
    await browser.ring();
    await browser.touch("decline");
    expect(browser.asked).toEqual([{ url: "/api/v1/app/push-calls/c-1/decline", body: { decline: "secret" }, credentials: "omit" }]);
    expect(page.told).toEqual([{ type: "bellwire-declined", call: "c-1" }]);
    expect(browser.opened).toEqual([]);
    await browser.ring().catch(() => undefined);
    expect(browser.shown).toMatchObject([{ title: "Missed call" }]);
  });
});

describe("no ghost rings", () => {
  it("when the caller gives up", async () => {
    await browser.ring();
    await browser.worker.push({ kind: "cancel", call_id: "c-1", caller: "101", caller_name: "Ann" });
    expect(browser.shown).toMatchObject([{ title: "The call is over", silent: true, requireInteraction: false, actions: [] }]);
  });

  it("when the cancel overtakes the call", async () => {
    await browser.worker.push({ kind: "cancel", call_id: "c-1", caller: "101" });
    await browser.worker.push({ kind: "incoming", call_id: "c-1", caller: "101", expires_at: String(NOW / 1000 + 15) });
    expect(browser.shown).toMatchObject([{ title: "Missed call", requireInteraction: false }]);
  });

  it("when the push was on its way for too long", async () => {
    browser.now = NOW + 16_000;
    await browser.worker.push({ kind: "incoming", call_id: "c-1", caller: "101", expires_at: String(NOW / 1000 + 15) });
    expect(browser.shown).toMatchObject([{ title: "Missed call", actions: [] }]);
  });

  it("when the cancel is lost", async () => {
    await browser.worker.push({ kind: "incoming", call_id: "c-1", caller: "101", expires_at: String(NOW / 1000 + 15) });
    expect(browser.now).toBe(NOW + 17_000);
    expect(browser.shown).toMatchObject([{ title: "Missed call", requireInteraction: false }]);
  });

  it("when it is answered after its end: the phone opens and waits for nothing", async () => {
    await browser.ring();
    browser.now = NOW + 15_000;
    await browser.touch("answer");
    expect(browser.opened).toEqual(["/phone"]);
  });
});

describe("what else is told", () => {
  it("of a missed call stands alone", async () => {
    await browser.ring();
    await browser.worker.push({ kind: "cancel", call_id: "c-1", caller: "101", caller_name: "Ann" });
    await browser.worker.push({ kind: "missed", caller: "101", caller_name: "Ann" });
    expect(browser.shown).toMatchObject([{ title: "Missed call", data: { kind: "missed" } }]);
  });

  it("is shown in the language of the page", async () => {
    kept.set("language", "de");
    await browser.worker.push({ kind: "voicemail", caller: "101" });
    expect(browser.shown).toMatchObject([{ title: "Neue Sprachnachricht" }]);
  });

  it("is shown even when it cannot be read, as browsers demand", async () => {
    await browser.worker.push(undefined);
    expect(browser.shown).toHaveLength(1);
  });
});
