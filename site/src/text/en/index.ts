/**
 * Every word the site shows, in English. A second language is a second folder of the same shape (`Text`).
 * Sentences with values are functions, so that a language may put the words in its own order.
 */
import { admin } from "./admin.ts";
import { base } from "./base.ts";
import { documents } from "./documents.ts";
import { flows } from "./flows.ts";
import { callQuality, health } from "./health.ts";
import { media } from "./media.ts";
import { records } from "./records.ts";
import { replication } from "./replication.ts";
import { walk } from "./walk.ts";

export const en = { ...base, records, flows, walk, media, admin, documents, health, callQuality, replication };
