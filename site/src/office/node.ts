/** The records of a running node, over HTTP. Each write says which state of the record it was made from. */
import { answer } from "../api/client.ts";
import { kindNamed } from "./kinds.ts";
import type { Found, OfficeRecord, RecordQuery, RecordSource } from "./source.ts";

export const nodeSource: RecordSource = {
  mode: "node",

  async list(kind: string, query: RecordQuery = {}) {
    const { filter = {}, ...rest } = query;
    const found = await answer<{ readonly items: readonly OfficeRecord[]; readonly total: number }>(kindNamed(kind).path, {
      query: { ...filter, ...rest },
    });
    return found.body;
  },

  get: async (kind, key) => found(await answer<OfficeRecord>(pathOf(kind, key))),

  create: async (kind, write) => found(await answer<OfficeRecord>(kindNamed(kind).path, { method: "POST", body: write })),

  replace: async (kind, key, write, etag) =>
    found(await answer<OfficeRecord>(pathOf(kind, key), { method: "PUT", body: write, headers: unchanged(etag) })),

  async remove(kind, key, { force = false, etag } = {}) {
    await answer(pathOf(kind, key), {
      method: "DELETE",
      headers: unchanged(etag),
      query: force ? { force: "true" } : {},
    });
  },
};

function pathOf(kind: string, key: string): string {
  return `${kindNamed(kind).path}/${encodeURIComponent(key)}`;
}

function found({ body, headers }: { readonly body: OfficeRecord; readonly headers: Headers }): Found {
  return { record: body, etag: headers.get("ETag") ?? "" };
}

/** Only when nobody has changed it since. */
function unchanged(etag: string | undefined): Readonly<Record<string, string>> {
  return etag === undefined || etag === "" ? {} : { "If-Match": etag };
}
