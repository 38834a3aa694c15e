"""Draws figures as an SVG: for each a bar of ours and a bar of the peer's, to one scale."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.figure import Figure

__all__ = ["svg"]

WIDTH, LABEL, BAR, ROW, TOP = 960, 300, 420, 58, 64
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .title { font-size: 18px; font-weight: 600 } .small { font-size: 11px; fill: #61707f }
  .ours { fill: #2563eb } .peer { fill: #b6c2cf } .target { stroke: #d9480f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb } .small { fill: #9aa5b1 } .peer { fill: #52606d }
  }
"""


def svg(figures: Sequence[Figure], *, subtitle: str) -> str:
    """The chart as a document of its own. `subtitle` says where and when."""
    height = TOP + ROW * len(figures) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>",
        '<text class="title" x="16" y="28">Bellwire beside its peers</text>',
        f'<text class="small" x="16" y="46">{escape(subtitle)}</text>',
    ]
    for index, figure in enumerate(figures):
        parts += _row(figure, TOP + ROW * index)
    foot = (
        "Blue: this run. Grey: the peer; unless marked otherwise measured on another machine (±20–30 %)."
        " Orange line: our own limit."
    )
    parts += [f'<text class="small" x="16" y="{height - 16}">{foot}</text>', "</svg>\n"]
    return "\n".join(parts)


def _row(figure: Figure, y: int) -> list[str]:
    largest = max(figure.value, figure.peer.value if figure.peer else 0, figure.target or 0) or 1.0
    parts = [
        f'<text x="16" y="{y + 20}">{escape(figure.title)}</text>',
        f'<text class="small" x="16" y="{y + 36}">{_verdict(figure)}</text>',
        *_bar("ours", figure.value, figure.value / largest, y + 8, figure.unit),
    ]
    if figure.peer:
        note = f"{figure.unit} {figure.peer.name}{', same run' if figure.peer.same_run else ''}"
        parts += _bar("peer", figure.peer.value, figure.peer.value / largest, y + 27, note)
    if figure.target is not None:
        x = LABEL + BAR * figure.target / largest
        parts.append(f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{y + 4}" y2="{y + 46}"/>')
    return parts


def _bar(kind: str, value: float, share: float, y: int, unit: str) -> list[str]:
    width = max(BAR * share, 1.0)
    return [
        f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{width:.1f}" height="15" rx="2"/>',
        f'<text x="{LABEL + width + 6:.1f}" y="{y + 12}">{number(value)} {escape(unit)}</text>',
    ]


def _verdict(figure: Figure) -> str:
    ratio, words = figure.ratio, []
    if ratio is not None:
        words.append(f"{ratio:.1f}× better" if ratio >= 1 else f"{1 / ratio:.1f}× worse")
    if figure.target is not None:
        words.append(f"limit {number(figure.target)} {'met' if figure.meets_target else 'MISSED'}")
    return escape(" · ".join(words))


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
