/** How a wire runs: forward in a curve, back and round to itself in a lane that is free of cards. Numbers only. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Run {
  /** As SVG writes it. */
  readonly path: string;
  /** Where its label goes. */
  readonly middle: Point;
  /** The run as straight pieces, to find it under the pointer. */
  readonly corners: readonly Point[];
}

/** How far a wire keeps from cards, and how round its corners are. */
const CLEAR = 18;
const SIDE = 28;
const ROUND = 16;
const PIECES = 14;

/** From a handle on the right of a card to one on the left of another; `shift` keeps wires that share a lane apart. */
export function runOf(source: Point, target: Point, cards: readonly Box[], shift: number): Run {
  if (target.x > source.x + 12) return curve(source, target);
  const right = source.x + SIDE + shift;
  const left = target.x - SIDE - shift;
  const y = lane(source.y, target.y, left, right, cards, shift);
  return around([source, { x: right, y: source.y }, { x: right, y }, { x: left, y }, { x: left, y: target.y }, target]);
}

function curve(source: Point, target: Point): Run {
  const half = (target.x - source.x) / 2;
  const corners = Array.from({ length: PIECES + 1 }, (_, index) => {
    const t = index / PIECES;
    const u = 1 - t;
    // Both control points lie half way, so x and y are polynomials of their own.
    const x = source.x + half * (3 * u * u * t + 3 * u * t * t) + (target.x - source.x) * t * t * t;
    return { x, y: source.y + (target.y - source.y) * (3 * u * t * t + t * t * t) };
  });
  return {
    path: `M${source.x} ${source.y}C${source.x + half} ${source.y} ${target.x - half} ${target.y} ${target.x} ${target.y}`,
    middle: { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 },
    corners,
  };
}

/** The height at which the way back is shortest and meets no card. */
function lane(from: number, to: number, left: number, right: number, cards: readonly Box[], shift: number): number {
  const blocked = cards
    .filter((card) => card.x < right + CLEAR && card.x + card.width > left - CLEAR)
    .map((card) => ({ top: card.y - CLEAR - shift, bottom: card.y + card.height + CLEAR + shift }))
    .sort((a, b) => a.top - b.top);
  const merged: { top: number; bottom: number }[] = [];
  for (const { top, bottom } of blocked) {
    const last = merged.at(-1);
    if (last !== undefined && top <= last.bottom) last.bottom = Math.max(last.bottom, bottom);
    else merged.push({ top, bottom });
  }
  const length = (y: number) => Math.abs(y - from) + Math.abs(y - to);
  let best = (from + to) / 2;
  let shortest = merged.some(({ top, bottom }) => top < best && best < bottom) ? Infinity : length(best);
  for (const y of merged.flatMap(({ top, bottom }) => [bottom, top])) {
    if (length(y) < shortest) [best, shortest] = [y, length(y)];
  }
  return best;
}

/** Straight pieces with round corners. */
function around(corners: readonly Point[]): Run {
  const [first, ...rest] = corners;
  let path = first === undefined ? "" : `M${first.x} ${first.y}`;
  rest.forEach((corner, index) => {
    const before = corners[index];
    const after = rest[index + 1];
    if (before === undefined || after === undefined) {
      path += `L${corner.x} ${corner.y}`;
      return;
    }
    const start = towards(corner, before);
    const end = towards(corner, after);
    path += `L${start.x} ${start.y}Q${corner.x} ${corner.y} ${end.x} ${end.y}`;
  });
  const [low, high] = [corners[2], corners[3]];
  return { path, middle: { x: ((low?.x ?? 0) + (high?.x ?? 0)) / 2, y: low?.y ?? 0 }, corners };
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(ROUND, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** How far a point is from a run; Infinity when that is surely more than `reach`. */
export function distance({ corners }: Run, { x, y }: Point, reach: number): number {
  let nearest = Infinity;
  for (let index = 1; index < corners.length; index++) {
    const [a, b] = [corners[index - 1], corners[index]];
    if (a === undefined || b === undefined || x < Math.min(a.x, b.x) - reach || x > Math.max(a.x, b.x) + reach || y < Math.min(a.y, b.y) - reach || y > Math.max(a.y, b.y) + reach) continue;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const along = dx * dx + dy * dy;
    const t = along === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / along));
    nearest = Math.min(nearest, Math.hypot(a.x + t * dx - x, a.y + t * dy - y));
  }
  return nearest <= reach ? nearest : Infinity;
}
