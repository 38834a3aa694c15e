/**
 * Where the records of the office come from: a node over HTTP, or documents that are edited without one. Pages use this
 * and do not know which it is.
 */
import { createContext, use } from "react";

export type OfficeRecord = Readonly<Record<string, unknown>>;

export interface Found {
  readonly record: OfficeRecord;
  /** Names this state of the record; "" where nothing else can change it. */
  readonly etag: string;
}

export interface RecordQuery {
  readonly q?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly offset?: number;
  readonly filter?: Readonly<Record<string, string>>;
}

/** Every method throws `RequestFault`: 404, 409 (taken, or in use: `errors` say by what), 412 (changed meanwhile), 422. */
/** What becomes of a number that was bought for an extension. */
export type OutsideNumberFate = "keep" | "release";

export interface RecordSource {
  readonly mode: "node" | "documents";
  list(kind: string, query?: RecordQuery): Promise<{ readonly items: readonly OfficeRecord[]; readonly total: number }>;
  get(kind: string, key: string): Promise<Found>;
  create(kind: string, write: OfficeRecord): Promise<Found>;
  replace(kind: string, key: string, write: OfficeRecord, etag?: string): Promise<Found>;
  remove(kind: string, key: string, how?: { readonly force?: boolean; readonly etag?: string; readonly outsideNumber?: OutsideNumberFate }): Promise<void>;
}

const SourceContext = createContext<RecordSource | undefined>(undefined);

export const SourceProvider = SourceContext.Provider;

export function useSource(): RecordSource {
  const source = use(SourceContext);
  if (source === undefined) throw new Error("useSource outside of the office");
  return source;
}
