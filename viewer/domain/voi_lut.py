"""Lookup tables of a file that say which grey each value has, in place of a window (DICOM PS3.3 C.11.2.1.1)."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray


@define(frozen=True, eq=False)
class LutTable:
    """One table.

    Attributes
    ----------
    first
        The value, after rescale, that the first entry stands for; lower ones take the first entry, those beyond the
        last entry take the last.
    bits
        How many bits an entry has: 2 ** bits − 1 is white.
    entries
        uint16, one for each whole number from `first` on; read-only.
    """

    first: int
    bits: int
    entries: NDArray[np.uint16]

    def __attrs_post_init__(self) -> None:
        """Make the entries read-only."""
        self.entries.setflags(write=False)

    @property
    def reach(self) -> tuple[float, float]:
        """Centre and width of the values between which its greys change."""
        changes = np.flatnonzero(np.diff(self.entries))
        if not len(changes):
            return (self.first + (len(self.entries) - 1) / 2, float(max(len(self.entries), 1)))
        low, high = self.first + int(changes[0]), self.first + int(changes[-1]) + 1
        return ((low + high) / 2, float(max(high - low, 1)))


@define(frozen=True, eq=False)
class VoiLut:
    """A lookup table that a series offers by its explanation, with a table for each of the volume's slices."""

    name: str
    tables: tuple[LutTable, ...]
    of_slice: tuple[int, ...]

    def at(self, k: int) -> LutTable:
        """Return the table of an original slice."""
        return self.tables[self.of_slice[k]]
