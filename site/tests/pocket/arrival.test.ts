/** A call that the page was opened for is answered once, and only that one. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Arrivals, type Arriving } from "../../src/pocket/arrival.ts";
import { addressOf, intentOf, withoutIntent } from "../../src/pocket/intent.ts";

interface Call extends Arriving {
  state: string;
  readonly done: string[];
}

function call(push: string, direction: "in" | "out" = "in"): Call {
  const done: string[] = [];
  return {
    state: "ringing",
    direction,
    push,
    done,
    answer: () => void done.push("answer"),
    hangUp: () => void done.push("hang up"),
  };
}

let closed: string[];
let arrivals: Arrivals;

beforeEach(() => {
  vi.useFakeTimers();
  closed = [];
  arrivals = new Arrivals((tag) => closed.push(tag));
});

afterEach(() => vi.useRealTimers());

describe("a call that was answered at its notification", () => {
  it("is answered when it comes, whatever else rings", () => {
    arrivals.expect({ call: "c-1", answer: true, who: "Ann" });
    const other = call("c-2");
    arrivals.look([other]);
    expect(arrivals.state).toEqual({ is: "coming", who: "Ann", answer: true });
    const mine = call("c-1");
    arrivals.look([other, mine]);
    arrivals.look([other, mine]);
    expect([other.done, mine.done]).toEqual([[], ["answer"]]);
    expect(closed).toEqual(["call:c-1"]);
    expect(arrivals.state).toEqual({ is: "nothing" });
  });

  it("is only shown when nobody has pressed Answer", () => {
    arrivals.expect({ call: "c-1", answer: false, who: "" });
    const mine = call("c-1");
    arrivals.look([mine]);
    expect(mine.done).toEqual([]);
    expect(arrivals.state).toEqual({ is: "nothing" });
  });

  it("is said to be over when it does not come", () => {
    arrivals.expect({ call: "c-1", answer: true, who: "Ann" });
    vi.advanceTimersByTime(12_000);
    expect(arrivals.state).toEqual({ is: "gone", who: "Ann", answer: true });
    arrivals.forget();
    expect(arrivals.state).toEqual({ is: "nothing" });
  });

  it("is never an outgoing one", () => {
    arrivals.expect({ call: "c-1", answer: true, who: "" });
    const out = call("c-1", "out");
    arrivals.look([out]);
    expect(out.done).toEqual([]);
  });
});

describe("its notification", () => {
  it("declines what rings here already", () => {
    arrivals.decline("c-1");
    const mine = call("c-1");
    arrivals.look([mine]);
    expect(mine.done).toEqual(["hang up"]);
  });

  it("goes when the call rings no more", () => {
    const mine = call("c-1");
    arrivals.look([mine]);
    mine.state = "ended";
    arrivals.look([mine]);
    arrivals.look([mine]);
    expect(closed).toEqual(["call:c-1"]);
  });
});

describe("the address of the phone", () => {
  it("carries what is wanted, and is clean after", () => {
    const intent = { call: "01JD-3", answer: true, who: "Ann (101)" };
    const url = new URL(addressOf(intent), "https://office.example");
    expect(intentOf(url.search)).toEqual(intent);
    expect(withoutIntent(`${url.href}&q=x#a`)).toBe("/phone?q=x#a");
  });

  it("is understood when the router has written it anew", () => {
    expect(intentOf('?push=%22123%22&answer=%221%22&who=%22101%22')).toEqual({ call: "123", answer: true, who: "101" });
    expect(intentOf("?q=1")).toBeUndefined();
    expect(intentOf("?push=a%20b")).toBeUndefined();
  });
});
