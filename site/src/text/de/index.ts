/** Every word the site shows, in German. */
import type { Text } from "../text.ts";
import { admin } from "./admin.ts";
import { base } from "./base.ts";
import { documents } from "./documents.ts";
import { flows } from "./flows.ts";
import { callQuality, health } from "./health.ts";
import { media } from "./media.ts";
import { records } from "./records.ts";
import { replication } from "./replication.ts";
import { walk } from "./walk.ts";

export const de: Text = { ...base, records, flows, walk, media, admin, documents, health, callQuality, replication };
