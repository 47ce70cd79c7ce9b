"""Values as people write them on the command line."""

from __future__ import annotations


def parse_point(text: str) -> tuple[float, float, float]:
    """Return LPS mm from "X,Y,Z".

    Raises
    ------
    ValueError
        When these are not three numbers.
    """
    x, y, z = (float(part) for part in text.split(","))
    return (x, y, z)


def parse_window(text: str) -> tuple[float, float]:
    """Return (centre, width) from "W/L" such as 400/40, as people write it.

    Raises
    ------
    ValueError
        When these are not two numbers or the width is not positive.
    """
    width, centre = (float(part) for part in text.split("/"))
    if width <= 0:
        raise ValueError("a window's width is more than 0")
    return (centre, width)


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
