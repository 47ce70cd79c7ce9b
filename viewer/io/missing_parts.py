"""What is missing of images that were stored in several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.series_entry import with_doubt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.concatenations import PartOf
    from viewer.io.series_entry import SeriesEntry

_MOST_NAMED = 3


@frozen
class Lack:
    """What is to be said of the parts of an image; `proven` where some of them are missing or may well be."""

    words: str
    proven: bool


def with_lacks(entries: Sequence[SeriesEntry]) -> list[SeriesEntry]:
    """Return the parts of one series, with what is missing of the images that they are made of.

    Which images a missing file holds is known to nobody, so that every entry which has some of the others is marked.
    """
    files = {frame.file for entry in entries for frame in entry.frames if frame.file.part_of is not None}
    if not files:
        return list(entries)
    parts: dict[str, set[PartOf]] = {}
    for file in files:
        if file.part_of is not None:
            parts.setdefault(file.part_of.uid, set()).add(file.part_of)
    lacks = {uid: lack for uid, found in parts.items() if (lack := _lack(found)) is not None}
    return [_marked(entry, lacks) for entry in entries]


def _marked(entry: SeriesEntry, lacks: dict[str, Lack]) -> SeriesEntry:
    uids = dict.fromkeys(frame.file.part_of.uid for frame in entry.frames if frame.file.part_of is not None)
    own = [lacks[uid] for uid in uids if uid in lacks]
    proven = [lack.words for lack in own if lack.proven]
    if len(proven) > 1:
        proven = [f"Of {len(proven)} images that were stored in several files each, parts are missing."]
    unproven = next((lack.words for lack in own if not lack.proven), "")
    return with_doubt(entry, " ".join(proven), unproven)


def _lack(parts: Iterable[PartOf]) -> Lack | None:
    """Return what is to be said of the parts of one image, None where all are there."""
    numbers = {part.number for part in parts if part.number}
    total = max(part.total for part in parts)
    last = max(numbers, default=0)
    missing = _runs(numbers, max(total, last))
    if total and not missing:
        return None
    if total:
        return Lack(f"This image was stored in {total} files; {_named(missing)} missing.", proven=True)
    if not numbers:
        return Lack(
            "This image is a part of one that was stored in several files; which part is not said.", proven=True
        )
    if missing:
        said = f"This image was stored in several files; {_named(missing)} missing, and how many there are is not said."
        return Lack(said, proven=True)
    if last == 1:
        said = "Only part 1 of an image that was stored in several files is here; how many is not said."
        return Lack(said, proven=True)
    return Lack(f"This image was stored in several files, how many is not said; {last} are here.", proven=False)


def _runs(there: set[int], last: int) -> list[tuple[int, int]]:
    """Return the first and last of each run of numbers from 1 to `last` that are not there."""
    ends = [0, *sorted(there), last + 1]
    return [(a + 1, b - 1) for a, b in zip(ends, ends[1:], strict=False) if b - a > 1]


def _named(runs: Sequence[tuple[int, int]]) -> str:
    """Return runs of parts as the subject of a sentence and its verb."""
    if len(runs) == 1 and runs[0][0] == runs[0][1]:
        return f"part {runs[0][0]} is"
    words = []
    for a, b in runs[:_MOST_NAMED]:
        words += [f"{a} to {b}"] if b > a + 1 else [f"{n}" for n in range(a, b + 1)]
    if len(runs) > _MOST_NAMED:
        words.append(f"{sum(b - a + 1 for a, b in runs[_MOST_NAMED:])} more")
    return f"parts {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]} are"
