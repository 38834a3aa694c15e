/** Words first, then the pages: modules may use words as they load. */
import { speak, wantedLanguage } from "./text/index.ts";

const chosen = wantedLanguage();
if (chosen === "de") document.querySelector<HTMLLinkElement>("link[rel=manifest]")?.setAttribute("href", "/app.de.webmanifest");
await speak(chosen);
await import("./app.tsx");
