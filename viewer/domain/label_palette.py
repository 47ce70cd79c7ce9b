"""Colours and line styles that tell up to 255 labels apart, also for people who are colour-blind.

The first twelve colours differ by 22 or more (CIE76) in normal vision, protanopia and deuteranopia (simulated after
Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity 1), by 37 in normal vision, and stand 3.5:1 or better on
black; none is near the accent of the selection. After them the same colours come again with the next line style, and
when those are used up, paler and then duller.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class LineStyle(StrEnum):
    """How the line of a label is broken; none is that of a finding's state."""

    SOLID = "solid"
    LONG_DASHES = "long dashes"
    SHORT_DASHES = "short dashes"
    DASH_DOT = "dash and dot"
    FINE_DOTS = "fine dots"
    DASH_DOT_DOT = "dash and two dots"
    WIDE_DASHES = "wide dashes"
    PAIRS = "pairs of dashes"

    @property
    def dashes_px(self) -> tuple[float, ...]:
        """Lengths of dash and gap in turn, in pixels; empty for a solid line."""
        return _DASHES_PX[self]


_DASHES_PX: dict[LineStyle, tuple[float, ...]] = {
    LineStyle.SOLID: (),
    LineStyle.LONG_DASHES: (14, 4),
    LineStyle.SHORT_DASHES: (4, 3),
    LineStyle.DASH_DOT: (12, 3, 2, 3),
    LineStyle.FINE_DOTS: (2, 3),
    LineStyle.DASH_DOT_DOT: (12, 3, 2, 3, 2, 3),
    LineStyle.WIDE_DASHES: (10, 9),
    LineStyle.PAIRS: (6, 2, 6, 7),
}

COLOURS = (
    "#00C30F",
    "#B400FF",
    "#E1E178",
    "#5AE1FF",
    "#E10078",
    "#E19678",
    "#7896FF",
    "#4BF0C3",
    "#78781E",
    "#D21EC3",
    "#C387B4",
    "#B4F000",
)
COLOUR_NAMES = (
    "Green",
    "Violet",
    "Sand",
    "Light blue",
    "Crimson",
    "Salmon",
    "Periwinkle",
    "Mint",
    "Olive",
    "Magenta",
    "Mauve",
    "Lime",
)
# Share of the way to a second colour, once all line styles have been used.
_TINTS = ((0.0, (0, 0, 0)), (0.45, (255, 255, 255)), (0.35, (120, 120, 120)))
MOST_LABELS = 255
# Of a colour that stands 3:1 on black.
_LEAST_LUMINANCE = 0.1


@cache
def label_colour(number: int) -> str:
    """Return the colour "#RRGGBB" of a label, counted from 0."""
    colour = COLOURS[number % len(COLOURS)]
    share, to = _TINTS[number // (len(COLOURS) * len(LineStyle)) % len(_TINTS)]
    rgb = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(own + (other - own) * share):02X}" for own, other in zip(rgb, to, strict=True))


@cache
def label_line(number: int) -> LineStyle:
    """Return the line style of a label, counted from 0."""
    return tuple(LineStyle)[number // len(COLOURS) % len(LineStyle)]


@cache
def seen_on_black(colour: str) -> str:
    """Return a colour "#RRGGBB", paler where it would not stand 3:1 or better on black (WCAG 2, relative luminance)."""
    rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for percent in range(101):
        paler = [round(own + (255 - own) * percent / 100) for own in rgb]
        linear = [n / 255 / 12.92 if n <= 10 else ((n / 255 + 0.055) / 1.055) ** 2.4 for n in paler]
        if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] >= _LEAST_LUMINANCE:
            return "#" + "".join(f"{n:02X}" for n in paler)
    return "#FFFFFF"
