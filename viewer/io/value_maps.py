"""What an image says beside its rescale of what its values are: the Real World Value Mapping Sequence.

DICOM PS3.3 C.7.6.16.2.11: stored values from a first to a last one become a quantity in a unit that is named, whatever
the rescale makes of them. It is kept as text, a line for each item: unit, slope, intercept, first and last value.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.raw_values import numbers, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.io.sequence_items import Form, Item

UNITS = 0x004008EA
"""Measurement Units Code Sequence."""
_CODE_VALUE = 0x00080100
_SLOPE, _INTERCEPT = 0x00409225, 0x00409224
_ENDS = ((0x00409216, 0x00409213), (0x00409211, 0x00409214))
# UCUM's code, and what stands in its place, without brackets.
_HU_CODES = frozenset(("hnsf'u", "hu", "hounsfield", "hounsfield unit", "hounsfield units"))
# UCUM's words for a number without a unit, which tell nothing.
_NO_UNITS = frozenset(("", "1", "{no units}"))
_SAME_HU = 0.5
_SIGN = 1 << 15


@frozen
class ValueMap:
    """A mapping of stored values to a quantity; no slope and intercept where it is a table."""

    unit: str
    slope: float | None
    intercept: float | None
    first: float
    last: float

    @property
    def is_hu(self) -> bool:
        """True where it gives Hounsfield units."""
        return self.unit.strip("[]{}").lower() in _HU_CODES

    def agrees(self, slope: float, intercept: float, *, signed: bool) -> bool:
        """Return True where it gives within its range what a rescale gives; a table tells nothing."""
        if self.slope is None or self.intercept is None:
            return True
        ends = [value - 2 * _SIGN if signed and value >= _SIGN else value for value in (self.first, self.last)]
        return all(abs(end * (self.slope - slope) + self.intercept - intercept) <= _SAME_HU for end in ends)


def map_text(items: Iterable[Item], form: Form) -> bytes:
    """Return the items of a sequence as this module's text."""
    lines = []
    for item in items:
        units = item.get(UNITS)
        code = units[0].get(_CODE_VALUE) if isinstance(units, list) and units else None
        unit = word(code) if isinstance(code, bytes) else ""
        ends = [next((n for tag in tags if (n := _number(item.get(tag), form)) is not None), None) for tags in _ENDS]
        line = [_number(item.get(_SLOPE), form), _number(item.get(_INTERCEPT), form), *ends]
        said = ("" if number is None else f"{number:.17g}" for number in line)
        lines.append("\\".join((unit.replace("\\", " "), *said)))
    return "\n".join(lines).encode("ascii", "replace")


@lru_cache(maxsize=256)
def value_maps(text: bytes) -> tuple[ValueMap, ...]:
    """Return the mappings to a unit that is named."""
    found = []
    for line in text.decode("ascii", "replace").split("\n"):
        unit, *said = (line.split("\\") + [""] * 5)[:5]
        slope, intercept, first, last = ((numbers(part.encode()) or (None,))[0] for part in said)
        if unit not in _NO_UNITS:
            found.append(ValueMap(unit, slope, intercept, first or 0.0, first or 0.0 if last is None else last))
    return tuple(found)


def _number(raw: bytes | list[Item] | None, form: Form) -> float | None:
    """Return a number of 16 bits without sign or of floating point; None where it is none."""
    kind = {2: "H", 8: "d"}.get(len(raw)) if isinstance(raw, bytes) else None
    if kind is None or not isinstance(raw, bytes):
        return None
    return float(struct.unpack((">" if form.big else "<") + kind, raw)[0])
