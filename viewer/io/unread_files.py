"""Files that a scan saw and could not look into: what that means for the series that lie beside them."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import define, field

from viewer.domain.count_words import count_words
from viewer.io.series_entry import with_doubt

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError
    from viewer.io.file_bytes import FilePlace
    from viewer.io.series_entry import SeriesEntry

_GONE = frozenset({errno.ENOENT, errno.ESTALE, errno.ENOTDIR})
_ENDING = re.compile(r"\.([a-z][a-z0-9]{0,7})$")
_DIGIT = re.compile(r"\d")


@define
class UnreadFiles:
    """The files of a scan, by folder, and those of them that were gone, or that nobody may read.

    Such a file may have been an image of any series in its folder whose files have names of its kind. Even gaps prove
    that none is missing between the images that are there; they prove nothing of what lay before the first and behind
    the last.
    """

    _seen: Counter[str] = field(factory=Counter)
    _unread: dict[str, list[tuple[str, bool]]] = field(factory=dict)

    def note(self, place: FilePlace, found: CaseStageError) -> None:
        """Take a file that was refused; only those of which no byte could be read count."""
        why = found.__cause__
        if place.member is None and isinstance(why, OSError):
            folder, name = os.path.split(place.path)
            self._unread.setdefault(folder, []).append((_kind(name), why.errno in _GONE))

    def doubted(self, series: list[list[SeriesEntry]], places: list[FilePlace]) -> list[list[SeriesEntry]]:
        """Return series of images, those marked that may lack images for it; `places` are all files that were seen."""
        if not self._unread:
            return series
        self._seen.update(os.path.dirname(place.path) for place in places if place.member is None)
        return [[self._marked(entry) for entry in parts] for parts in series]

    def _marked(self, entry: SeriesEntry) -> SeriesEntry:
        kinds: dict[str, set[str]] = {}
        for file in entry.files:
            folder, name = os.path.split(file)
            if folder in self._unread:
                kinds.setdefault(folder, set()).add(_kind(name))
        alike = [gone for folder, there in kinds.items() for kind, gone in self._unread[folder] if kind in there]
        if not alike:
            return entry
        seen = sum(self._seen[folder] for folder in kinds)
        gone = all(alike)
        what = "was gone before it" if len(alike) == 1 else "were gone before they"
        lost = f"{what} could be read" if gone else "could not be read"
        return with_doubt(
            entry,
            f"{len(alike)} of the {count_words(seen, 'file')} in its folder {lost}, "
            "so images of this series may be missing, also at its ends.",
        )


def _kind(name: str) -> str:
    """Return what names of images that belong together share: their ending, and without one whether they are numbered.

    A file that a program makes for itself for a while has another.
    """
    if name.startswith((".", "~")):
        return name
    ending = _ENDING.search(name.lower())
    if ending is not None:
        return ending[0]
    return "numbered" if _DIGIT.search(name) else name
