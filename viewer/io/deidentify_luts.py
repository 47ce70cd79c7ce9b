"""Lookup tables of images (VOI LUT) that stay when they are de-identified: those that can hold no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MOST = 8
_DESCRIPTOR, _DATA = 0x00283002, 0x00283006


def kept_luts(items: list[Dataset]) -> list[Dataset]:
    """Return the tables of a VOI LUT Sequence that only rise or only fall, as text does not; called by number.

    DICOM PS3.3 C.11.2.1.1. Tables of big endian files and of two entries in a word are not kept.
    """
    kept = []
    for number, item in enumerate(items[:_MOST], start=1):
        made = _kept(item, number)
        if made is not None:
            kept.append(made)
    return kept


def _kept(item: Dataset, number: int) -> Dataset | None:
    from pydicom.dataset import Dataset

    descriptor, data = item[_DESCRIPTOR], item[_DATA].value
    count, first, bits = (int(value) for value in descriptor.value)
    count = (count % (1 << 16)) or 1 << 16
    _, little = item.original_encoding
    if isinstance(data, bytes):
        if little is False or len(data) < 2 * count:
            return None
        entries = np.frombuffer(data[: 2 * count], "<u2")
    else:
        entries = np.asarray(data, dtype=np.int64).astype(np.uint16)[:count]
    steps = np.diff(entries.astype(np.int64))
    if len(entries) != count or not (np.all(steps >= 0) or np.all(steps <= 0)):
        return None
    made = Dataset()
    made.add_new(_DESCRIPTOR, "SS" if first < 0 else "US", [count % (1 << 16) if first >= 0 else count, first, bits])
    made.LUTExplanation = f"LUT {number}"
    made.add_new(_DATA, "OW", entries.astype("<u2").tobytes())
    return made
