/** Wires run where people can follow them: around cards, and they are found where they are drawn. */
import { describe, expect, test } from "vitest";
import { distance, runOf, type Box } from "../src/flow/wirePath.ts";

const card = (x: number, y: number): Box => ({ x, y, width: 230, height: 140 });

/** Whether a straight piece of the run goes through a card. */
const crosses = (corners: readonly { readonly x: number; readonly y: number }[], box: Box) =>
  corners.slice(1).some((to, index) => {
    const from = corners[index] ?? to;
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    return left < box.x + box.width && right > box.x && top < box.y + box.height && bottom > box.y;
  });

describe("a wire back", () => {
  const rows = [0, 1, 2].flatMap((row) => [0, 1, 2, 3].map((column) => card(column * 320, row * 200)));

  test.each([0, 6, 18])("runs between the rows of cards, not behind them (shift %i)", (shift) => {
    const run = runOf({ x: 3 * 320 + 230, y: 70 }, { x: 0, y: 431 }, rows, shift);
    expect(rows.filter((box) => crosses(run.corners, box))).toEqual([]);
  });

  test("to its own card goes around it", () => {
    const own = card(0, 0);
    expect(crosses(runOf({ x: 230, y: 75 }, { x: 0, y: 31 }, [own], 0).corners, own)).toBe(false);
  });

  test("takes the straight way where nothing is in it", () => {
    const run = runOf({ x: 500, y: 100 }, { x: 0, y: 100 }, [], 0);
    expect(new Set(run.corners.map(({ y }) => y))).toEqual(new Set([100]));
  });
});

describe("a wire under the pointer", () => {
  const run = runOf({ x: 0, y: 0 }, { x: 300, y: 200 }, [], 0);

  test("is found on its curve, also between the points that were reckoned", () => {
    for (const t of [0.05, 0.21, 0.5, 0.77, 0.99]) {
      // De Casteljau's construction, as an oracle.
      const mix = (a: number, b: number) => a + (b - a) * t;
      const bezier = (p: readonly number[]): number => (p.length === 1 ? (p[0] ?? 0) : bezier(p.slice(1).map((each, index) => mix(p[index] ?? 0, each))));
      const on = { x: bezier([0, 150, 150, 300]), y: bezier([0, 0, 200, 200]) };
      expect(distance(run, on, 10)).toBeLessThan(1.5);
    }
  });

  test("is not found beside it", () => {
    expect(distance(run, { x: 20, y: 150 }, 10)).toBe(Infinity);
  });
});
