/** Words first, then the pages: modules may use words as they load. */
import { speak, wantedLanguage } from "./text/index.ts";

await speak(wantedLanguage());
await import("./app.tsx");
