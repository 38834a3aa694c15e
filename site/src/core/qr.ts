/** The drawing inside the node's QR code SVG: its size and its strokes, nothing else of that document. */
export interface QrDrawing {
  readonly width: number;
  readonly height: number;
  /** SVG path data with strokes of width 1 along rows, as segno writes it. */
  readonly path: string;
  readonly transform: string;
}

/** Takes the drawing out by its known shape; anything else (scripts, styles, links) is never looked at. */
export function readQr(svg: string): QrDrawing | undefined {
  const size = /<svg\b[^>]*?\bwidth="(\d+(?:\.\d+)?)"[^>]*?\bheight="(\d+(?:\.\d+)?)"/.exec(svg);
  const box = /\bviewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"/.exec(svg);
  const path = /<path\b[^>]*\bd="([-MmHhVvLlZz0-9., ]+)"/.exec(svg);
  const transform = /<path\b[^>]*\btransform="(scale\([0-9. ,]+\)|translate\([-0-9. ,]+\))"/.exec(svg);
  const [, width, height] = box ?? size ?? [];
  if (width === undefined || height === undefined || path?.[1] === undefined) return undefined;
  return { width: Number(width), height: Number(height), path: path[1], transform: transform?.[1] ?? "" };
}
