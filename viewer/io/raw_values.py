"""Raw bytes of DICOM elements as numbers, text, places and windows; None where they are not what they should be."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TypeVar

from viewer.domain.volume import Window
from viewer.io.pydicom_headers import text_of

Triple = tuple[float, float, float]
Six = tuple[float, float, float, float, float, float]
# The largest stored value times the largest slope that means anything; a display computes in single precision.
_BEYOND_PIXELS = 1e15
Default = TypeVar("Default", int, None)


@lru_cache(maxsize=4096)
def numbers(raw: bytes) -> tuple[float, ...]:
    """Return the numbers of a DS or IS value; empty where any is not a finite number."""
    # Python reads 1_000 as a thousand, DICOM does not (PS3.5 table 6.2-1).
    if b"_" in raw:
        return ()
    try:
        said = raw.rstrip(b"\0 ")
        found = tuple(float(part) for part in said.split(b"\\")) if said else ()
    except ValueError:
        return ()
    return found if all(math.isfinite(v) for v in found) else ()


def plain(raw: bytes | None) -> str:
    """Return an identifier or code as text."""
    return raw.strip(b"\0 ").decode("ascii", "replace") if raw else ""


def word(raw: bytes | None) -> str:
    """Return a code as text to be shown, without what cannot be read."""
    return "".join(c for c in plain(raw) if c.isprintable()).strip()


def count_of(raw: bytes | None, default: Default) -> int | Default:
    """Return the first whole number of an IS value; the default where there is none of its range (32 bits)."""
    found = numbers(raw) if raw else ()
    return int(found[0]) if found and -(1 << 31) <= found[0] < 1 << 31 else default


def whole(raw: bytes | None, default: int = 0) -> int:
    """Return a 16 bit number, little-endian."""
    return int.from_bytes(raw[:2], "little") if raw and len(raw) >= 2 else default


@lru_cache(maxsize=1024)
def position_of(raw: bytes) -> Triple | None:
    """Return a position in LPS mm, None where it is none."""
    values = numbers(raw)
    return (values[0], values[1], values[2]) if len(values) == 3 and max(map(abs, values)) < 1e6 else None


@lru_cache(maxsize=1024)
def orientation_of(raw: bytes) -> Six | None:
    """Return the directions of rows and columns, None where they are no unit vectors at right angles."""
    v = numbers(raw)
    if len(v) != 6:
        return None
    row, column = math.hypot(*v[:3]), math.hypot(*v[3:])
    across = v[0] * v[3] + v[1] * v[4] + v[2] * v[5]
    # Two unit vectors at right angles (PS3.3 C.7.6.2.1.1), as exactly as rounded text can say it.
    if abs(row - 1) > 1e-2 or abs(column - 1) > 1e-2 or abs(across) > 1e-2:
        return None
    return (v[0], v[1], v[2], v[3], v[4], v[5])


@lru_cache(maxsize=1024)
def spacing_of(raw: bytes) -> tuple[float, float] | None:
    """Return the distances between rows and between columns in mm, None where they are none."""
    values = numbers(raw)
    return (values[0], values[1]) if len(values) == 2 and 1e-5 < min(values) and max(values) < 1e4 else None


@lru_cache(maxsize=256)
def windows_of(centres: bytes, widths: bytes, names: bytes, charset: bytes) -> tuple[Window, ...]:
    """Return the windows that an image names, in its character set, without those that no pixel could lie in."""
    said = text_of(names, charset).split("\\") if names else []
    pairs = zip(numbers(centres), numbers(widths), strict=False)
    return tuple(
        Window(centre, width, said[n].strip() if n < len(said) else "")
        for n, (centre, width) in enumerate(pairs)
        if 0 < width < _BEYOND_PIXELS and abs(centre) < _BEYOND_PIXELS
    )
