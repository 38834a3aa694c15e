import { readQr } from "../core/qr.ts";

/** Always dark on white, whatever the theme: not every camera reads an inverted code. */
export function QrCode({ svg, label }: { readonly svg: string; readonly label: string }) {
  const drawing = readQr(svg);
  if (drawing === undefined) return null;
  return (
    <div className="self-center rounded-2xl border border-line bg-white p-3">
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${drawing.width} ${drawing.height}`}
        shapeRendering="crispEdges"
        className="size-52"
      >
        <path d={drawing.path} transform={drawing.transform} stroke="#000" />
      </svg>
    </div>
  );
}
