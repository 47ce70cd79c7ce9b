"""Volume files that lie twice below a folder, as those of a backup beside what it was made of: each counts once.

Copies of DICOM images are one series already where they are read.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError
from viewer.services.truth_beside import place_of_truth, say_the_same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.series_entry import SeriesEntry

_LOOKED_AT_BYTES = 1 << 16


def without_copies(entries: Sequence[SeriesEntry]) -> tuple[list[SeriesEntry], list[SeriesEntry]]:
    """Return the scans of which none is a copy of another, and the copies.

    A copy is the same to the last byte, whatever it is called. Of copies the first that has a truth beside it stays.
    Those whose truths do not say the same are no copies: two readers may have been given one scan.
    """
    alike: dict[object, list[SeriesEntry]] = {}
    for entry in (one for one in entries if not one.frames):
        with suppress(OSError):
            sizes = tuple(map(os.path.getsize, entry.files))
            alike.setdefault((sizes, entry.part), []).append(entry)
    copies = [copy for several in alike.values() if len(several) > 1 for copy in _copies(several)]
    left_out = {id(entry) for entry in copies}
    return [entry for entry in entries if id(entry) not in left_out], copies


def _copies(entries: Sequence[SeriesEntry]) -> list[SeriesEntry]:
    """Return which of scans of one size are copies of others."""
    middles: dict[bytes, list[SeriesEntry]] = {}
    for entry in entries:
        with suppress(OSError):
            middles.setdefault(_middle(entry), []).append(entry)
    found: list[SeriesEntry] = []
    for alike in (several for several in middles.values() if len(several) > 1):
        stay: list[tuple[SeriesEntry, Path | str]] = []
        for entry, truth in sorted(((entry, _truth(entry)) for entry in alike), key=lambda one: not one[1]):
            with suppress(OSError):
                if any(_same(entry, one) and _adds_nothing(truth, other) for one, other in stay):
                    found.append(entry)
                else:
                    stay.append((entry, truth))
    return found


def _middle(entry: SeriesEntry) -> bytes:
    with open(entry.files[-1], "rb") as file:
        file.seek(os.path.getsize(entry.files[-1]) // 2)
        return hashlib.sha256(file.read(_LOOKED_AT_BYTES)).digest()


def _same(a: SeriesEntry, b: SeriesEntry) -> bool:
    return all(filecmp.cmp(one, other, shallow=False) for one, other in zip(a.files, b.files, strict=True))


def _truth(entry: SeriesEntry) -> Path | str:
    """Return the file of the truth beside a scan; "" for none, and the scan's own name where it cannot be told."""
    try:
        return place_of_truth(entry) or ""
    except CaseStageError:
        return str(entry.files[0])


def _adds_nothing(truth: Path | str, other: Path | str) -> bool:
    """Return whether a truth is none, or says the same as that of another copy."""
    return not truth or (isinstance(truth, Path) and isinstance(other, Path) and say_the_same(truth, other))
