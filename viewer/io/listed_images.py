"""What a DICOMDIR lists of each series, held against the images that are there."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.io.dicomdir import DAMAGED, LISTS_NONE, listed_images, plain_name
from viewer.io.series_entry import with_doubt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from viewer.domain.job import JobContext
    from viewer.io.file_bytes import FilePlace
    from viewer.io.series_entry import SeriesEntry

_MOST_LISTS = 256


def with_listed(
    series: list[list[SeriesEntry]],
    lists: Iterable[FilePlace],
    places: Sequence[FilePlace],
    damaged: Collection[str],
    ctx: JobContext,
) -> tuple[list[list[SeriesEntry]], set[str], dict[str, str]]:
    """Return series of images, those marked of which a DICOMDIR lists more images than are there and can be read.

    Also which of the damaged files are listed, so that it is known whose images they were, and a sentence about each
    list that is damaged itself, which series beside it say too, or that lists no image.

    Nothing is said of a series of which no image is there, as where a list was copied along with a part of its disc.
    An image is known by its file's name or, where files have got other names, by its SOP Instance UID.

    Parameters
    ----------
    lists, places
        Where DICOMDIR lie, and all files that were seen.
    damaged
        The names of those files of which nobody knows what they hold.
    """
    chosen = list({place.name: place for place in lists}.values())[:_MOST_LISTS]
    if not chosen:
        return series, set(), {}
    entries = [entry for parts in series for entry in parts]
    whose: dict[str, set[int]] = defaultdict(set)
    for n, entry in enumerate(entries):
        for name in (*entry.files, *(frame.sop_uid for frame in entry.frames)):
            whose[name].add(n)
    doubts: dict[int, dict[str, None]] = defaultdict(dict)
    told: set[str] = set()
    cut: set[str] = set()
    lists_said: dict[str, str] = {}
    for place in chosen:
        ctx.stop_if_cancelled()
        by_series, whole = _by_series(place)
        cut |= set() if whole else {place.name}
        if not whole or not by_series:
            lists_said[place.name] = LISTS_NONE if whole else DAMAGED
        seen = _seen(os.path.dirname(place.name), places) if by_series else {}
        for listed in by_series.values():
            told.update(file for name in listed if (file := seen.get(name)) in damaged and file is not None)
            unknown = [name for name, uid in listed.items() if not uid or uid not in whose]
            replaced = _replaced(listed, unknown, seen, whose)
            lost = len(replaced) + sum(name not in seen for name in unknown)
            unread = sum(seen.get(name) in damaged for name in unknown)
            if lost or unread:
                there = {name: uid for name, uid in listed.items() if name not in replaced}
                known = {word for name, uid in there.items() for word in (seen.get(name), uid) if word}
                for n in {n for word in known for n in whose.get(word, ())}:
                    doubts[n][_words(lost, unread, len(listed))] = None
    marked = iter(
        [with_doubt(entry, " ".join(doubts.get(n, ())), _beside(entry, cut)) for n, entry in enumerate(entries)]
    )
    return [[next(marked) for _ in parts] for parts in series], told, lists_said


def _beside(entry: SeriesEntry, cut: Collection[str]) -> str:
    """Return what is to be said of a series below the folder of a DICOMDIR that is damaged; "" for nothing."""
    folders = tuple(os.path.dirname(name) + os.sep for name in cut)
    if not folders or not any(file.startswith(folders) for file in entry.files):
        return ""
    return "The DICOMDIR beside this series is damaged, so that images may be missing which it listed."


def _replaced(listed: dict[str, str], unknown: Iterable[str], seen: dict[str, str], whose: Collection[str]) -> set[str]:
    """Return the names under which another image lies than the one that a DICOMDIR lists.

    Only where some images are those that it lists: anonymising gives all of them other UIDs.
    """
    if not any(uid in whose for uid in listed.values() if uid):
        return set()
    return {name for name in unknown if listed[name] and seen.get(name, "") in whose}


def _by_series(place: FilePlace) -> tuple[dict[str, dict[str, str]], bool]:
    """Return for each series that a DICOMDIR lists the names of its images' files, with their SOP Instance UIDs.

    Also whether it is whole.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    images, whole = listed_images(place)
    for image in images:
        found[image.series]["/".join(map(plain_name, image.parts))] = image.sop_uid
    return found, whole


def _seen(folder: str, places: Sequence[FilePlace]) -> dict[str, str]:
    """Return the names of the files below a folder, by what a DICOMDIR in it would call them."""
    found = {}
    beginning = folder.rstrip(os.sep) + os.sep
    for place in places:
        name = place.name
        if name.startswith(beginning):
            below = name[len(beginning) :].replace(os.sep, "/")
            found["/".join(map(plain_name, below.split("/")))] = name
    return found


def _words(lost: int, unread: int, listed: int) -> str:
    one = lost + unread == 1
    not_there = f"{'is' if one else 'are'} not there" if lost else ""
    why = " or ".join(filter(None, (not_there, "cannot be read" if unread else "")))
    return f"{lost + unread:,} of {count_words(listed, 'image')} that a DICOMDIR lists {why}."
