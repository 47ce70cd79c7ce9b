"""Files that a scan saw and could not look into, or that are damaged: what that means for the series beside them."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import define, field

from viewer.domain.count_words import count_words
from viewer.io.series_entry import NO_IMAGE, with_doubt

if TYPE_CHECKING:
    from collections.abc import Collection

    from viewer.domain.errors import CaseStageError
    from viewer.io.file_bytes import FilePlace
    from viewer.io.series_entry import SeriesEntry

_GONE = frozenset({errno.ENOENT, errno.ESTALE, errno.ENOTDIR})
_ENDING = re.compile(r"\.([a-z][a-z0-9]{0,7})$")
# What is said of files of which it is not known what they hold, though they could be read.
_DAMAGED = (
    "is empty", "ends early", "damaged", "twice, with two values", "without its pixels", "has no pixels",
    "frames large", "of its pixels", "but describes", "in another order", "larger than that of any image",
    "too long to read",
)  # fmt: skip
# Whatever else is in a file that is called so, as a server's refusal, it is there in place of an image.
_OF_IMAGES = (".dcm", ".dicom", ".dic", ".ima")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+")


@define
class UnreadFiles:
    """The files of a scan, by folder, and those of them that were gone, that nobody may read, or that are damaged.

    Such a file may have been an image of any series in its folder whose files have names of its kind. Even gaps prove
    that none is missing between the images that are there; they prove nothing of what lay before the first and behind
    the last.
    """

    _seen: Counter[str] = field(factory=Counter)
    _unread: dict[str, list[tuple[str, str, bool]]] = field(factory=dict)

    def note(self, place: FilePlace, found: CaseStageError) -> None:
        """Take a file that was refused; only those count of which nobody knows what they hold."""
        why = found.__cause__
        folder, name = os.path.split(place.name)
        no_image = found.sentence == NO_IMAGE
        if no_image and _kind(name) == "numbered":
            # As where a server's refusal was kept in place of an image.
            self._unread.setdefault(folder, []).append((place.name, _pattern(name), False))
            return
        another = no_image and _kind(name) in _OF_IMAGES
        if another or isinstance(why, OSError) or any(words in found.sentence for words in _DAMAGED):
            gone = isinstance(why, OSError) and why.errno in _GONE
            self._unread.setdefault(folder, []).append((place.name, _kind(name), gone))

    def note_member(self, name: str) -> None:
        """Take the name of a file in an archive that cannot be looked into."""
        folder, own = os.path.split(name)
        self._unread.setdefault(folder, []).append((name, _kind(own), False))
        self._seen[folder] += 1

    def doubted(
        self, series: list[list[SeriesEntry]], places: list[FilePlace], told: Collection[str] = ()
    ) -> list[list[SeriesEntry]]:
        """Return series of images, those marked that may lack images for it.

        `places` are all files that were seen, `told` the names of those of which it is known whose images they were.
        """
        unread = {folder: [one for one in files if one[0] not in told] for folder, files in self._unread.items()}
        self._unread = {folder: files for folder, files in unread.items() if files}
        if not self._unread:
            return series
        self._seen.update(os.path.dirname(place.name) for place in places)
        return [[self._marked(entry) for entry in parts] for parts in series]

    def _marked(self, entry: SeriesEntry) -> SeriesEntry:
        kinds: dict[str, set[str]] = {}
        for file in entry.files:
            folder, name = os.path.split(file)
            if folder in self._unread:
                kinds.setdefault(folder, set()).update((_kind(name), _pattern(name)))
        alike = [gone for folder, there in kinds.items() for _, kind, gone in self._unread[folder] if kind in there]
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


def _pattern(name: str) -> str:
    """Return a name with its numbers left out, which images of one series share that were numbered."""
    return f"like {_NUMBER.sub('#', name)}"


def may_be_image(name: str) -> bool:
    """Return whether a file is called as images are: by their ending, or with a number and no ending."""
    return _kind(os.path.basename(name)) in (*_OF_IMAGES, "numbered")
