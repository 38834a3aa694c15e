/**
 * The office's document as the node reads and writes it, and the same as a folder with a file for each record. Pure.
 * Names of files are made as `pbx export --folder` makes them, so that version control sees no difference.
 */
import { KINDS, type Kind } from "../kinds.ts";
import type { OfficeRecord } from "../source.ts";

export interface OfficeDocument {
  /** By the plural of their kind. A section that is missing is left alone when the document is applied. */
  readonly sections: Readonly<Record<string, readonly OfficeRecord[]>>;
  /** What takes calls, where that is not what stands in `flows`: by number, a flow, or null for none. */
  readonly live: Readonly<Record<string, OfficeRecord | null>>;
}

/** Why something is no document; `place` is a file or a path in it. */
export class DocumentFault extends Error {
  readonly place: string;
  readonly reason: "json" | "shape" | "unknown" | "misnamed" | "twice" | "empty";
  readonly wanted: string;

  constructor(place: string, reason: DocumentFault["reason"], wanted = "") {
    super(`${place}: ${reason} ${wanted}`.trim());
    this.name = "DocumentFault";
    this.place = place;
    this.reason = reason;
    this.wanted = wanted;
  }
}

export const EMPTY: OfficeDocument = { sections: {}, live: {} };
const LIVE = "live_flows";
/** Which program wrote it; what this site reads and writes is the first format. */
const FORMAT = "format";
const KNOWN_FORMAT = 1;
const SITES = "sites";
const KEEP = ".keep";
const LARGEST = 8 * 1024 * 1024;

const BY_PLURAL: ReadonlyMap<string, Kind> = new Map(KINDS.map((kind) => [kind.plural, kind]));

export function keyOf(kind: Kind, record: OfficeRecord): string {
  const key = record[kind.key];
  return typeof key === "string" ? key : "";
}

/** Keys sort as numbers do: shorter first. */
export function byKey(kind: Kind): (a: OfficeRecord, b: OfficeRecord) => number {
  return (a, b) => order(keyOf(kind, a), keyOf(kind, b));
}

/** Throws `DocumentFault`. */
export function readDocument(text: string, place = "$"): OfficeDocument {
  return fromRaw(parsed(text, place), place);
}

/** Two spaces, a line feed at the end, sections in the order of the node's. */
export function writeDocument(document: OfficeDocument): string {
  const raw: Record<string, unknown> = { [FORMAT]: KNOWN_FORMAT };
  for (const kind of KINDS) {
    const records = document.sections[kind.plural];
    if (records !== undefined) raw[kind.plural] = [...records].sort(byKey(kind));
  }
  if (Object.keys(document.live).length > 0) raw[LIVE] = document.live;
  return indented(raw);
}

/** Every file of the folder by its name. */
export function toFiles(document: OfficeDocument): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const kind of KINDS) {
    const records = document.sections[kind.plural];
    if (records === undefined) continue;
    if (records.length === 0) files.set(`${kind.plural}/${KEEP}`, "");
    for (const record of records) files.set(`${kind.plural}/${fileName(keyOf(kind, record))}`, indented(record));
  }
  for (const [number, flow] of Object.entries(document.live)) files.set(`${LIVE}/${fileName(number)}`, indented(flow));
  return files;
}

/** Throws `DocumentFault`. Values of sites (`sites/…`) are not filled in here. */
export function fromFiles(files: ReadonlyMap<string, string>): OfficeDocument {
  const raw: Record<string, unknown[]> = {};
  const live: Record<string, unknown> = {};
  for (const [name, text] of [...files].sort(([a], [b]) => order(a, b))) {
    const [section = "", file = "", ...deeper] = name.split("/");
    if (section === SITES || !(file === KEEP || name.endsWith(".json"))) continue;
    const kind = BY_PLURAL.get(section);
    if ((kind === undefined && section !== LIVE) || file === "" || deeper.length > 0) {
      throw new DocumentFault(name, "unknown");
    }
    if (kind !== undefined) raw[section] ??= [];
    if (file === KEEP) continue;
    const value = parsed(text, name);
    const key = decoded(file.slice(0, -".json".length));
    if (kind === undefined) live[key] = value;
    else {
      const found = isRecord(value) ? value[kind.key] : undefined;
      if (typeof found === "string" && found !== key && !found.includes("{{")) {
        throw new DocumentFault(name, "misnamed", fileName(found));
      }
      raw[section]?.push(value);
    }
  }
  if (Object.keys(raw).length === 0 && Object.keys(live).length === 0) throw new DocumentFault("", "empty");
  return fromRaw(Object.keys(live).length === 0 ? raw : { ...raw, [LIVE]: live }, "$");
}

export function fileName(key: string): string {
  const quoted = encodeURIComponent(key).replace(/[!'()*~.]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${quoted.replaceAll("%2B", "+")}.json`;
}

function fromRaw(raw: unknown, place: string): OfficeDocument {
  if (!isRecord(raw)) throw new DocumentFault(place, "shape");
  const sections: Record<string, readonly OfficeRecord[]> = {};
  for (const [name, content] of Object.entries(raw)) {
    if (name === LIVE || content === null || (name === FORMAT && content === KNOWN_FORMAT)) continue;
    const kind = BY_PLURAL.get(name);
    if (kind === undefined) throw new DocumentFault(`${place}.${name}`, "unknown");
    if (!Array.isArray(content)) throw new DocumentFault(`${place}.${name}`, "shape");
    sections[name] = recordsOf(kind, content, `${place}.${name}`);
  }
  const live = raw[LIVE] ?? {};
  if (!isRecord(live) || !Object.values(live).every((each) => each === null || isRecord(each))) {
    throw new DocumentFault(`${place}.${LIVE}`, "shape");
  }
  return { sections, live: live as OfficeDocument["live"] };
}

function recordsOf(kind: Kind, content: readonly unknown[], place: string): readonly OfficeRecord[] {
  const seen = new Set<string>();
  return content.map((each, index) => {
    if (!isRecord(each) || typeof each[kind.key] !== "string") throw new DocumentFault(`${place}[${index}]`, "shape");
    const key = keyOf(kind, each);
    if (seen.has(key)) throw new DocumentFault(`${place}[${index}].${kind.key}`, "twice", key);
    seen.add(key);
    return each;
  });
}

function parsed(text: string, place: string): unknown {
  if (text.length > LARGEST) throw new DocumentFault(place, "shape");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DocumentFault(place, "json");
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function indented(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function order(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function isRecord(value: unknown): value is OfficeRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
