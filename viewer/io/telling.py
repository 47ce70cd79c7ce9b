"""What tells two images at one place apart, as values that can be sorted and as a radiologist's words."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from viewer.io.raw_values import numbers, plain
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from viewer.io.slice_header import Telling

# A value of an attribute; None where the file does not say. Values of one attribute can be sorted.
Value = Any
Codes = NDArray[np.int64]
_LONGEST_WORDS = 40
_MOST_DIMENSIONS = 4
CLOCKS_OF_DAY = ("acquisition date and time", "acquisition time", "content time")
CLOCKS = (*CLOCKS_OF_DAY, "trigger time")


@frozen
class Attribute:
    """One thing that can differ between images at one place.

    Attributes
    ----------
    name
        What it is.
    value
        Returns its value for an image.
    words
        Returns words for one of several values, or None where its images are but numbered: "phase 2 of 3".
    detail
        Returns words that make a number plainer ("30 %"), for attributes that only number.
    lasting
        True where it stays the same through an acquisition or reconstruction, so that images that differ in it
        do not belong into one volume, also where no two of them lie at one place.
    mostly_lasting
        True where images of one volume may differ in it; those are apart that lie evenly, and not together.
    spelled
        Returns what is equal for values that are one, spelled in several ways; None where each is one of its own.
    """

    name: str
    value: Callable[[Frame], Value]
    words: Callable[[Value, Sequence[Value]], str] | None = None
    detail: Callable[[Value], str] | None = None
    lasting: bool = False
    mostly_lasting: bool = False
    spelled: Callable[[Value], Value] | None = None


@define(frozen=True, eq=False)
class Told:
    """An attribute of some images: its values in order ("not said" first), and for each image which it has."""

    attribute: Attribute
    values: list[Value]
    codes: Codes


def told_by(attribute: Attribute, frames: Sequence[Frame]) -> Told:
    """Return what an attribute says of images."""
    said = [attribute.value(f) for f in frames]
    values = sorted(set(said), key=_by_value)
    if attribute.spelled is not None:
        first: dict[Value, Value] = {}
        one = {value: first.setdefault(attribute.spelled(value), value) for value in values}
        said, values = [one[value] for value in said], list(first.values())
    number = {value: n for n, value in enumerate(values)}
    return Told(attribute, values, np.asarray([number[value] for value in said]))


def joined(told: Sequence[Told]) -> Codes:
    """Return for each image the number of its combination of values, in the order of the values."""
    codes = told[0].codes
    for t in told[1:]:
        _, codes = np.unique(codes * len(t.values) + t.codes, return_inverse=True)
    return codes


def _by_value(value: Value) -> tuple[bool, Value]:
    return (value is not None, value)


def _number(raw: bytes | None) -> float | None:
    found = numbers(raw) if raw else ()
    return found[0] if found else None


def _float(raw: bytes | None) -> float | None:
    if raw is None or len(raw) != 4:
        return None
    (value,) = struct.unpack("<f", raw)
    # False for what is not a number, too.
    return round(value, 3) if abs(value) < 1e6 else None


_CLOCK = re.compile(r"(\d\d)(\d\d)?(\d\d(?:\.\d*)?)?")


def clock(date: bytes | None, time: bytes | None) -> tuple[str, float] | None:
    """Return a date (may be empty) and the seconds since midnight of a TM value, or None where it is no time."""
    found = _CLOCK.match(plain(time).replace(":", ""))
    if found is None:
        return None
    hours, minutes, seconds = (float(part) if part else 0.0 for part in found.groups())
    return (plain(date).replace(".", ""), 3600 * hours + 60 * minutes + seconds)


def _date_time(telling: Telling) -> tuple[str, float] | None:
    said = telling.acquisition_date_time
    return clock(said[:8], said[8:]) if said and len(said) > 8 else None


def time_words(value: tuple[str, float]) -> str:
    """Return a time of day, "12:31:05", with as much of a second as it needs."""
    whole, rest = divmod(round(value[1], 3), 1)
    fraction = f"{rest:.3f}"[1:].rstrip("0").rstrip(".")
    return f"{int(whole) // 3600:02}:{int(whole) // 60 % 60:02}:{int(whole) % 60:02}{fraction}"


def _image_type_words(value: Value, values: Sequence[Value]) -> str:
    parts = [plain(v).split("\\") for v in values]
    own = plain(value).split("\\")
    only = [part for part in own if part and not all(part in other for other in parts)]
    return "image type " + (_text(" ".join(only or own).encode()) or "")


def _in_plane(frame: Frame) -> tuple[float, float] | None:
    """Return where the first pixel lies along the rows and columns, to 0.1 mm."""
    place, across = frame.position, frame.orientation
    if place is None or across is None:
        return None
    row, column = (sum(p * d for p, d in zip(place, part, strict=True)) for part in (across[:3], across[3:]))
    return (round(row, 1), round(column, 1))


def _dimension(n: int, frame: Frame) -> float | None:
    """Return the number of a frame along one of the dimensions that its writer sorts frames by."""
    said = numbers(frame.telling.dimensions or b"")
    return said[n] if n < len(said) else None


def _spelling(value: str | None) -> str | None:
    """Return a name without blanks and in one case."""
    return None if value is None else re.sub(r"\s", "", value).casefold()


def _text(raw: bytes | None) -> str | None:
    return re.sub(r"[^ -~]|\\", " ", plain(raw))[:_LONGEST_WORDS].strip() or None


# In the order in which they are tried.
ATTRIBUTES = (
    Attribute("temporal position", lambda f: _number(f.telling.temporal_position), lasting=True),
    Attribute(
        "acquisition",
        lambda f: _number(f.telling.acquisition_number),
        lambda value, _: f"acquisition {value:g}" if value is not None else "acquisition without a number",
        lasting=True,
    ),
    Attribute("cardiac phase", lambda f: _float(f.telling.cardiac_phase), detail=lambda v: f"{v:g} %", lasting=True),
    Attribute(
        "respiratory phase",
        lambda f: _float(f.telling.respiratory_phase),
        detail=lambda v: f"{v:g} % of the breath",
        lasting=True,
    ),
    Attribute(
        "series number",
        lambda f: _number(f.telling.series_number),
        lambda value, _: f"series {value:g}" if value is not None else "series without a number",
        lasting=True,
    ),
    Attribute("trigger time", lambda f: _number(f.telling.trigger_time), detail=lambda v: f"{v:g} ms"),
    Attribute("acquisition date and time", lambda f: _date_time(f.telling), detail=time_words),
    Attribute(
        "acquisition time",
        lambda f: clock(f.telling.acquisition_date, f.telling.acquisition_time),
        detail=time_words,
    ),
    Attribute("content time", lambda f: clock(f.telling.content_date, f.telling.content_time), detail=time_words),
    Attribute(
        "kernel",
        lambda f: _text(f.telling.kernel),
        lambda value, _: f"kernel {value}" if value else "no kernel named",
        lasting=True,
        spelled=_spelling,
    ),
    Attribute(
        "tube voltage",
        lambda f: _number(f.telling.tube_voltage),
        lambda value, _: f"{value:g} kV" if value is not None else "no tube voltage named",
        lasting=True,
    ),
    Attribute("image type", lambda f: f.telling.image_type or b"", _image_type_words, mostly_lasting=True),
    Attribute(
        "contrast",
        lambda f: (_text(f.telling.contrast_agent) or "NONE").upper() not in ("NONE", "NO", "N"),
        lambda value, _: "with contrast" if value else "without contrast",
        lasting=True,
    ),
    Attribute(
        "field of view",
        lambda f: _number(f.telling.field_of_view),
        lambda value, _: f"field of view {value:g} mm" if value is not None else "no field of view named",
        mostly_lasting=True,
    ),
    Attribute(
        "slice thickness",
        lambda f: _number(f.telling.slice_thickness),
        lambda value, _: f"slices of {value:g} mm" if value is not None else "no slice thickness named",
        mostly_lasting=True,
    ),
    Attribute(
        "stack",
        lambda f: _text(f.telling.stack),
        lambda value, _: f"stack {value}" if value else "no stack named",
        lasting=True,
    ),
    *(Attribute(f"dimension {n + 1}", partial(_dimension, n), mostly_lasting=True) for n in range(_MOST_DIMENSIONS)),
    # Frames of one multi-frame image belong together where nothing else tells them apart.
    Attribute(
        "image",
        lambda f: (f.instance, f.sop_uid) if f.file.frames > 1 else None,
        lambda value, values: f"image {values.index(value) + 1} of {len(values)}",
    ),
    Attribute(
        "centre",
        _in_plane,
        lambda value, values: f"field of view {values.index(value) + 1} of {len(values)}",
    ),
)
