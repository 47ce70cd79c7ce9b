"""Values as people write them on the command line."""

from __future__ import annotations

import math
from datetime import date


def parse_point(text: str) -> tuple[float, float, float]:
    """Return LPS mm from "X,Y,Z".

    Raises
    ------
    ValueError
        When these are not three finite numbers.
    """
    x, y, z = (_finite(part) for part in text.split(","))
    return (x, y, z)


def parse_steps(text: str) -> tuple[int, ...]:
    """Return the numbers, from 0, of steps as people count them: "1,3,4".

    Raises
    ------
    ValueError
        When these are not whole numbers from 1.
    """
    numbers = tuple(sorted({int(part) - 1 for part in text.split(",")}))
    if min(numbers) < 0:
        raise ValueError(text)
    return numbers


def parse_day(text: str) -> date:
    """Return the day of "2025-03-31".

    Raises
    ------
    ValueError
        When it is none.
    """
    return date.fromisoformat(text)


def parse_window(text: str) -> tuple[float, float]:
    """Return (centre, width) from "W/L" such as 400/40, as people write it, or from a preset's name.

    Raises
    ------
    ValueError
        When these are not two numbers or the width is not positive, and no preset is called that.
    """
    # Help and other commands come without numpy.
    from viewer.domain.window_presets import PRESETS

    for _, preset in PRESETS:
        if text.replace("-", " ").casefold() == preset.name.casefold():
            return (preset.centre, preset.width)
    width, centre = (_finite(part) for part in text.split("/"))
    if width <= 0:
        raise ValueError("a window's width is more than 0")
    return (centre, width)


def parse_length(text: str) -> float:
    """Return a measure, such as millimetres: more than 0.

    Raises
    ------
    ValueError
        When it is no such number.
    """
    length = _finite(text)
    if length <= 0:
        raise ValueError("a length is more than 0")
    return length


def parse_seed(text: str) -> int:
    """Return a whole number from 0.

    Raises
    ------
    ValueError
        When it is no such number.
    """
    seed = int(text)
    if seed < 0:
        raise ValueError("a seed is not below 0")
    return seed


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels from "1920x1080".

    Raises
    ------
    ValueError
        When these are not two sensible numbers.
    """
    width, height = (int(part) for part in text.lower().split("x"))
    if not (64 <= width <= 16384 and 64 <= height <= 16384):
        raise ValueError("pictures are 64 to 16384 pixels wide and high")
    return (width, height)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
