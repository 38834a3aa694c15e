/**
 * Keeps the draft: at the node soon after every change, and in this browser until the node has it. Nobody's work is
 * written over: the node refuses a draft that was made from an older one, and then a person decides.
 */
import { openDB, type IDBPDatabase } from "idb";
import { RequestFault } from "../../core/problem.ts";
import { sameJson } from "../../flow/same.ts";
import { readFlow } from "../../flow/transfer.ts";
import type { Flow } from "../../flow/types.ts";
import type { Found, RecordSource } from "../../office/source.ts";

export type SaveState =
  | { readonly is: "saved" | "dirty" | "saving" }
  /** The node cannot be reached: the draft is in this browser. */
  | { readonly is: "offline" }
  /** Somebody else has changed it; `theirs` is undefined when they have deleted it. */
  | { readonly is: "conflict"; readonly theirs: Flow | undefined; readonly etag: string }
  /** The node does not take it, and says why. */
  | { readonly is: "refused"; readonly fault: RequestFault };

interface Kept {
  readonly number: string;
  readonly flow: Flow;
  /** The state at the node that this was made from. */
  readonly etag: string;
}

const QUIET_MS = 700;
const LATEST_MS = 4000;
const AGAIN_MS = 4000;

export class DraftKeeper {
  private state: SaveState = { is: "saved" };
  private readonly listeners = new Set<() => void>();
  private flow: Flow;
  /** What the node has. */
  private there: Flow;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dirtySince = 0;
  private writing: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly source: RecordSource,
    flow: Flow,
    public etag: string,
    private readonly onStored: (flow: Flow) => void,
  ) {
    this.flow = flow;
    this.there = flow;
  }

  readonly get = (): SaveState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private set(state: SaveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  /** The draft is this now. */
  readonly changed = (flow: Flow): void => {
    if (flow === this.flow) return;
    this.flow = flow;
    if (this.state.is === "conflict") {
      void this.keepHere();
      return;
    }
    if (this.flow === this.there && this.writing === undefined) {
      // Undone before it was sent: the node has it.
      clearTimeout(this.timer);
      this.dirtySince = 0;
      this.set({ is: "saved" });
      void forget(flow.number);
      return;
    }
    if (this.state.is !== "saving") this.set({ is: "dirty" });
    if (this.dirtySince === 0) this.dirtySince = performance.now();
    void this.keepHere();
    this.later(Math.max(0, Math.min(QUIET_MS, this.dirtySince + LATEST_MS - performance.now())));
  };

  private later(ms: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.write(), ms);
  }

  /** Resolves when the node has the draft; throws why it has not. */
  readonly save = async (): Promise<void> => {
    while (this.flow !== this.there) {
      await this.write();
      if (this.state.is === "offline") throw new RequestFault(0, "unreachable", "");
      if (this.state.is === "refused") throw this.state.fault;
      if (this.state.is === "conflict") throw new RequestFault(412, "conflict", "");
    }
  };

  private async write(): Promise<void> {
    clearTimeout(this.timer);
    if (this.writing !== undefined) return this.writing;
    if (this.flow === this.there || this.state.is === "conflict") return;
    this.writing = this.put(this.flow).finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async put(flow: Flow): Promise<void> {
    this.dirtySince = 0;
    this.set({ is: "saving" });
    try {
      const stored = await this.source.replace("flow", flow.number, { ...flow }, this.etag);
      this.has(flow, stored.etag);
    } catch (fault) {
      await this.failed(fault);
    }
  }

  private has(flow: Flow, etag: string): void {
    this.etag = etag;
    this.there = flow;
    const all = flow === this.flow;
    this.set({ is: all ? "saved" : "dirty" });
    if (all) void forget(flow.number);
    else this.later(QUIET_MS);
    this.onStored(flow);
  }

  private async failed(fault: unknown): Promise<void> {
    if (!(fault instanceof RequestFault)) throw fault;
    if (fault.status === 412 || fault.status === 404) {
      const theirs = await this.theirs();
      if (theirs === "unreachable") {
        this.set({ is: "offline" });
        this.later(AGAIN_MS);
      } else if (theirs !== undefined && sameJson(theirs.flow, this.flow)) this.has(this.flow, theirs.etag);
      else this.set({ is: "conflict", theirs: theirs?.flow, etag: theirs?.etag ?? "" });
    } else if (fault.unreachable || fault.status >= 500 || fault.status === 429) {
      this.set({ is: "offline" });
      this.later(AGAIN_MS);
    } else {
      this.set({ is: "refused", fault });
    }
  }

  private async theirs(): Promise<{ readonly flow: Flow; readonly etag: string } | undefined | "unreachable"> {
    try {
      return flowOf(await this.source.get("flow", this.flow.number));
    } catch (fault) {
      return fault instanceof RequestFault && fault.status === 404 ? undefined : "unreachable";
    }
  }

  /** What was kept in this browser is not made from what the node has. */
  readonly conflictWith = (theirs: Flow, etag: string): void => this.set({ is: "conflict", theirs, etag });

  /** The conflict is over: what is in the editor now is made from their state, and goes over it. */
  readonly resolve = async (flow: Flow): Promise<void> => {
    if (this.state.is !== "conflict") return;
    const { theirs, etag } = this.state;
    this.flow = flow;
    if (theirs === undefined) {
      try {
        const made = await this.source.create("flow", { ...flow });
        this.has(flow, made.etag);
      } catch (fault) {
        if (fault instanceof RequestFault) this.set({ is: "refused", fault });
      }
      return;
    }
    this.etag = etag;
    this.there = theirs;
    if (sameJson(theirs, flow)) {
      this.has(flow, etag);
      return;
    }
    this.set({ is: "dirty" });
    await this.write();
  };

  private async keepHere(): Promise<void> {
    const kept: Kept = { number: this.flow.number, flow: this.flow, etag: this.etag };
    try {
      await (await database()).put(STORE, kept);
      // The node may have taken it meanwhile.
      if (this.flow === this.there) await forget(this.flow.number);
    } catch {
      // A browser that keeps nothing: the node alone has the draft.
    }
  }

  readonly open = (): void => {
    this.closed = false;
  };

  readonly close = (): void => {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.flow !== this.there && this.state.is !== "conflict") void this.write();
  };
}

/** The flow as the node has it; undefined for what it should never send. */
export function flowOf({ record, etag }: Found): { readonly flow: Flow; readonly etag: string } | undefined {
  const flow = readFlow(record);
  return flow === undefined ? undefined : { flow, etag };
}

// -- in this browser -----------------------------------------------------------------------------------------------

const STORE = "drafts";
let opening: Promise<IDBPDatabase> | undefined;

function database(): Promise<IDBPDatabase> {
  opening ??= openDB("bellwire-flows", 1, {
    upgrade: (db) => void db.createObjectStore(STORE, { keyPath: "number" }),
  });
  return opening;
}

/** The draft that the node never got. */
export async function keptHere(number: string): Promise<Kept | undefined> {
  try {
    const kept = (await (await database()).get(STORE, number)) as Kept | undefined;
    const flow = kept === undefined ? undefined : readFlow(kept.flow);
    return kept === undefined || flow === undefined ? undefined : { ...kept, flow };
  } catch {
    return undefined;
  }
}

export async function forget(number: string): Promise<void> {
  try {
    await (await database()).delete(STORE, number);
  } catch {
    // Nothing was kept then.
  }
}
