/** The records of a running node, over HTTP. Each write says which state of the record it was made from. */
import { answer, request } from "../api/client.ts";
import { kindNamed } from "./kinds.ts";
import type { Found, OfficeRecord, RecordQuery, RecordSource } from "./source.ts";

export const nodeSource: RecordSource = {
  mode: "node",

  async list(kind: string, query: RecordQuery = {}) {
    const { filter = {}, ...rest } = query;
    return request(kindNamed(kind).path, { query: { ...filter, ...rest } });
  },

  get: async (kind, key) => found(await answer(pathOf(kind, key))),

  create: async (kind, write) => found(await answer(kindNamed(kind).path, { method: "POST", body: write })),

  replace: async (kind, key, write, etag) =>
    found(await answer(pathOf(kind, key), { method: "PUT", body: write, headers: unchanged(etag) })),

  async remove(kind, key, { force = false, etag, outsideNumber } = {}) {
    await answer(pathOf(kind, key), {
      method: "DELETE",
      headers: unchanged(etag),
      query: { ...(force && { force: "true" }), outside_number: outsideNumber },
    });
  },
};

function pathOf(kind: string, key: string): string {
  return `${kindNamed(kind).path}/${encodeURIComponent(key)}`;
}

function found({ body, headers }: { readonly body: unknown; readonly headers: Headers }): Found {
  return { record: body as OfficeRecord, etag: headers.get("ETag") ?? "" };
}

/** Only when nobody has changed it since. */
function unchanged(etag: string | undefined): Readonly<Record<string, string>> {
  return etag === undefined || etag === "" ? {} : { "If-Match": etag };
}
