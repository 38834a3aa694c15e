/**
 * The records of documents that are edited without a node. It answers as a node would, as far as the schemas and the
 * other records can decide; what only a running office knows is checked when the documents are published.
 */
import { RequestFault, type FieldFault } from "../../core/problem.ts";
import { KINDS, kindNamed, type Kind } from "../kinds.ts";
import type { Found, OfficeRecord, RecordQuery, RecordSource } from "../source.ts";
import { byKey, keyOf, type OfficeDocument } from "./document.ts";
import { faultsIn, namesIn, type FaultWords, type Schema, type Schemas } from "./schema.ts";

/** Where the document is kept. */
export interface Shelf {
  readonly document: () => OfficeDocument;
  readonly put: (document: OfficeDocument) => void;
}

export interface SourceWords extends FaultWords {
  readonly taken: (number: string) => string;
  readonly noRecord: (key: string) => string;
  readonly inUse: (title: string, key: string) => string;
  readonly keyStays: string;
}

/** What the source is told beside records: the schemas, and those of the parameters of flow nodes by type. */
export interface Rules {
  readonly schemas: Schemas;
  readonly nodes: Readonly<Record<string, Schema>>;
  readonly words: SourceWords;
}

export function documentSource(shelf: Shelf, rules: Rules): RecordSource {
  const words = rules.words;
  const find = (kind: Kind, key: string) => recordsOf(shelf.document(), kind).find((each) => keyOf(kind, each) === key);
  const existing = (kind: Kind, key: string) => {
    const record = find(kind, key);
    if (record === undefined) throw new RequestFault(404, "not-found", words.noRecord(key));
    return record;
  };
  const put = (kind: Kind, record: OfficeRecord) => {
    const others = recordsOf(shelf.document(), kind).filter((each) => keyOf(kind, each) !== keyOf(kind, record));
    shelf.put(withRecords(shelf.document(), kind, [...others, record]));
    return shown(kind, record);
  };
  return {
    mode: "documents",

    async list(name, query = {}) {
      const kind = kindNamed(name);
      const all = recordsOf(shelf.document(), kind).map((each) => shown(kind, each).record);
      const found = all.filter((each) => isWanted(each, query)).sort(sorting(kind, query.sort ?? ""));
      const offset = query.offset ?? 0;
      return Promise.resolve({ items: found.slice(offset, offset + (query.limit ?? found.length)), total: found.length });
    },

    get: async (name, key) => Promise.resolve(shown(kindNamed(name), existing(kindNamed(name), key))),

    async create(name, write) {
      const kind = kindNamed(name);
      const record = withoutNothing(kind, write);
      refuse(ownFaults(rules, kind, record), 422);
      const taken = KINDS.filter((each) => each === kind || (each.numbered && kind.numbered)).find(
        (each) => recordsOf(shelf.document(), each).some((one) => keyOf(each, one) === keyOf(kind, record)),
      );
      if (taken !== undefined) refuse([{ path: `$.${kind.key}`, message: words.taken(keyOf(kind, record)) }], 409);
      return Promise.resolve(put(kind, record));
    },

    async replace(name, key, write) {
      const kind = kindNamed(name);
      const old = existing(kind, key);
      const record = { ...secretsOf(kind, old), ...withoutNothing(kind, write) };
      if (keyOf(kind, record) !== key) refuse([{ path: `$.${kind.key}`, message: words.keyStays }], 422);
      refuse(ownFaults(rules, kind, record), 422);
      return Promise.resolve(put(kind, record));
    },

    async remove(name, key, how = {}) {
      const kind = kindNamed(name);
      existing(kind, key);
      const users = usersOf(rules, shelf.document(), kind, key);
      if (how.force !== true) refuse(users, 409);
      const left = recordsOf(shelf.document(), kind).filter((each) => keyOf(kind, each) !== key);
      shelf.put(withRecords(shelf.document(), kind, left));
      return Promise.resolve();
    },
  };
}

/** What is wrong with the whole document, as far as that shows here. Paths are those of the node's plan. */
export function documentFaults(rules: Rules, document: OfficeDocument): FieldFault[] {
  const faults: FieldFault[] = [];
  const numbers = new Map<string, string>();
  for (const kind of KINDS) {
    recordsOf(document, kind).forEach((record, index) => {
      const path = `$.${kind.plural}[${index}]`;
      faults.push(...ownFaults(rules, kind, record, path), ...lostNames(rules, document, kind, record, path));
      if (kind.numbered) {
        const key = keyOf(kind, record);
        if (numbers.has(key)) faults.push({ path: `${path}.${kind.key}`, message: rules.words.taken(key) });
        numbers.set(key, path);
      }
    });
  }
  return faults;
}

/** Which records name this one. */
export function usersOf(rules: Rules, document: OfficeDocument, kind: Kind, key: string): FieldFault[] {
  return KINDS.flatMap((each) =>
    recordsOf(document, each)
      .filter((record) => namesOf(rules, each, record).some((one) => one.kind === kind.name && one.key === key))
      .map((record) => ({
        path: `$.${each.plural}.${keyOf(each, record)}`,
        message: rules.words.inUse(each.title, keyOf(each, record)),
      })),
  );
}

export function recordsOf(document: OfficeDocument, kind: Kind): readonly OfficeRecord[] {
  return document.sections[kind.plural] ?? [];
}

function withRecords(document: OfficeDocument, kind: Kind, records: readonly OfficeRecord[]): OfficeDocument {
  const sections = { ...document.sections, [kind.plural]: [...records].sort(byKey(kind)) };
  if (kind.name !== "flow") return { ...document, sections };
  const numbers = new Set(records.map((each) => keyOf(kind, each)));
  return { sections, live: Object.fromEntries(Object.entries(document.live).filter(([number]) => numbers.has(number))) };
}

function ownFaults(rules: Rules, kind: Kind, record: OfficeRecord, path = "$"): FieldFault[] {
  const schema = rules.schemas[kind.write];
  return schema === undefined ? [] : faultsIn(rules.schemas, schema, record, rules.words, path);
}

/** References into sections that the document has; what a missing section holds is the node's. */
function lostNames(rules: Rules, document: OfficeDocument, kind: Kind, record: OfficeRecord, path: string): FieldFault[] {
  return namesOf(rules, kind, record, path).flatMap((named) => {
    const target = KINDS.find((each) => each.name === named.kind);
    if (target === undefined || document.sections[target.plural] === undefined) return [];
    const there = recordsOf(document, target).some((each) => keyOf(target, each) === named.key);
    return there ? [] : [{ path: named.path, message: rules.words.noRecord(named.key) }];
  });
}

function namesOf(rules: Rules, kind: Kind, record: OfficeRecord, path = "$") {
  const schema = rules.schemas[kind.write];
  const named = schema === undefined ? [] : namesIn(rules.schemas, schema, record, path);
  const nodes = kind.name === "flow" ? record["nodes"] : undefined;
  if (typeof nodes !== "object" || nodes === null) return named;
  for (const [id, node] of Object.entries(nodes as Record<string, { type?: unknown; parameters?: unknown }>)) {
    const parameters = rules.nodes[String(node.type)];
    if (parameters !== undefined) {
      const own = { ...rules.schemas, ...(parameters["$defs"] as Schemas | undefined) };
      named.push(...namesIn(own, parameters, node.parameters ?? {}, `${path}.nodes.${id}.parameters`));
    }
  }
  return named;
}

function refuse(faults: readonly FieldFault[], status: 409 | 422): void {
  const [first] = faults;
  if (first !== undefined) throw new RequestFault(status, status === 409 ? "conflict" : "validation", first.message, faults);
}

/** As it is read: without its secrets. */
function shown(kind: Kind, record: OfficeRecord): Found {
  const visible = Object.entries(record).filter(([name]) => !kind.secrets.includes(name));
  return { record: Object.fromEntries(visible), etag: "" };
}

function secretsOf(kind: Kind, record: OfficeRecord): OfficeRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => kind.secrets.includes(name)));
}

/** A secret that is left out or null stays as it is. */
function withoutNothing(kind: Kind, write: OfficeRecord): OfficeRecord {
  return Object.fromEntries(
    Object.entries(write).filter(([name, value]) => value !== undefined && !(value === null && kind.secrets.includes(name))),
  );
}

function isWanted(record: OfficeRecord, query: RecordQuery): boolean {
  const words = (query.q ?? "").trim().toLowerCase();
  const texts = Object.values(record).filter((each) => typeof each === "string" || typeof each === "number");
  if (words !== "" && !texts.some((each) => String(each).toLowerCase().includes(words))) return false;
  return Object.entries(query.filter ?? {}).every(([name, value]) => plain(record[name]) === value);
}

function plain(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function sorting(kind: Kind, sort: string): (a: OfficeRecord, b: OfficeRecord) => number {
  const descending = sort.startsWith("-");
  const name = sort.replace(/^-/, "");
  if (name === "" || name === kind.key) {
    const ascending = byKey(kind);
    return descending ? (a, b) => ascending(b, a) : ascending;
  }
  const text = (record: OfficeRecord) => plain(record[name]);
  return (a, b) => (descending ? -1 : 1) * text(a).localeCompare(text(b), undefined, { numeric: true });
}
