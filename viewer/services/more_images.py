"""Whether series that were opened from their own folder have more images elsewhere in their place by now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from viewer.io.index import LibraryIndex
    from viewer.io.index_rows import SeriesRow
    from viewer.io.index_tables import Kept
    from viewer.io.series_entry import SeriesEntry

# A place may be large, and its disk slow.
_LOOK_AGAIN_S = 60.0


class MoreImages:
    """Remembers how many images series of the list had when they were opened. May be used from any thread.

    A series is opened from the smallest folder that held it when its place was looked at last. What came into another
    folder since, as where an export fills one after the other, is found only by looking at the whole place.
    """

    def __init__(self, index: LibraryIndex) -> None:
        self._index = index
        self._counts: dict[tuple[str, str], int] = {}
        self._looked: dict[int, float] = {}

    def opened(self, row: SeriesRow, entry: SeriesEntry) -> bool:
        """Take a series that is opened; return whether its place should be looked at, as that was long ago."""
        self._counts[row.uid, row.part] = entry.count
        looked = self._looked.get(row.place)
        return looked is None or time.monotonic() - looked > _LOOK_AGAIN_S

    def told(self, kept: Kept) -> Kept:
        """Return of what is different at a place that was looked at the series that were opened with fewer images."""
        self._looked[kept.place] = time.monotonic()
        grown = []
        for row in self._index.series((*kept.grown, *kept.replaced)).values():
            before = self._counts.get((row.uid, row.part))
            if before is not None and row.images > before:
                self._counts[row.uid, row.part] = row.images
                grown.append(row.id)
        return evolve(kept, new=(), grown=tuple(grown), gone=(), replaced=(), rewritten=())
