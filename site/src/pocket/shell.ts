/**
 * The shell of the site from memory, so that it opens at once, and while the node is away. Only what never changes under
 * its name (files with a hash) is answered from memory; the page itself is asked for first. Nothing of the API is kept.
 */

const PREFIX = "bellwire-shell-";
/** How long a page is waited for before the one in memory is shown. */
const PATIENCE_MS = 2_000;
const SHELL = "/index.html";

export type Kind = "asset" | "page" | undefined;

/** What is answered here; undefined: the browser does as ever. */
export function kindOf(request: { readonly method: string; readonly mode: string; readonly url: string }, origin: string): Kind {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return undefined;
  if (/^\/assets\/.+-[A-Za-z0-9_-]{8}\.\w+$/.test(url.pathname)) return "asset";
  const apart = /^\/(api|ws|metrics|provisioning)(\/|$)/.test(url.pathname) || /\.\w+$/.test(url.pathname);
  return request.mode === "navigate" && !apart ? "page" : undefined;
}

export class Shell {
  private readonly name: string;

  /** `version` is another one with each build. */
  constructor(version: string) {
    this.name = PREFIX + version;
  }

  async asset(request: Request): Promise<Response> {
    const cache = await caches.open(this.name);
    const known = await cache.match(request);
    if (known !== undefined) return known;
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  }

  async page(request: Request): Promise<Response> {
    const cache = await caches.open(this.name);
    const known = await cache.match(SHELL);
    const asked = this.ask(request, cache);
    if (known === undefined) return asked;
    const patience = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS));
    return (await Promise.race([asked.catch(() => undefined), patience])) ?? known;
  }

  /** What older builds have left. */
  async tidy(): Promise<void> {
    const names = await caches.keys();
    await Promise.all(names.filter((each) => each.startsWith(PREFIX) && each !== this.name).map((each) => caches.delete(each)));
  }

  private async ask(request: Request, cache: Cache): Promise<Response> {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected && answer.headers.get("Content-Type")?.startsWith("text/html") === true) {
      await cache.put(SHELL, answer.clone());
    }
    return answer;
  }
}
