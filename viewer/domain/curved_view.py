"""What is seen of the straightened picture along a drawn path, and the way from one to another."""

from __future__ import annotations

import math

from attrs import frozen


@frozen
class CurvedView:
    """The straightened picture along a drawn path: how it is turned about the path, and what part of it is seen.

    Attributes
    ----------
    turned_deg
        Turned about the path by so much, by the right-hand rule about its direction.
    along_mm, height_mm
        The place along the path in the viewport's middle, and mm per viewport height; None fits the whole path.
    """

    turned_deg: float = 0.0
    along_mm: float | None = None
    height_mm: float | None = None


def curved_between(a: CurvedView | None, b: CurvedView | None, t: float) -> CurvedView | None:
    """Return the picture at share `t` (0…1) of the way: it turns the short way, and zooms at an even rate.

    Where one of the two is fitted to its whole path, place and zoom are those of `b`.
    """
    if a is None or b is None:
        return b
    turned = a.turned_deg + math.remainder(b.turned_deg - a.turned_deg, 360.0) * t
    if a.along_mm is None or b.along_mm is None or a.height_mm is None or b.height_mm is None:
        return CurvedView(turned, b.along_mm, b.height_mm)
    along = a.along_mm + (b.along_mm - a.along_mm) * t
    return CurvedView(turned, along, a.height_mm * (b.height_mm / a.height_mm) ** t)
