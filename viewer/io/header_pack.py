"""Headers of the files of one folder, packed: what they have in common stands once. JSON, so that nothing runs.

Raw bytes are kept as text of the same code points (Latin-1), which JSON carries unchanged.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, evolve, fields, frozen

from viewer.domain.errors import CaseStageError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.volume import SeriesFacts
from viewer.io.image_elements import KIND_TAGS, frame_of, kind_of
from viewer.io.image_header import Image, ImageHeader
from viewer.io.series_entry import SeriesEntry, advice
from viewer.io.slice_header import ImageFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from viewer.io.file_bytes import FilePlace

# What reading a file gives, and what recalling it gives, which is quicker to use.
Read = ImageHeader | list[SeriesEntry] | CaseStageError
Found = Read | Image
# What a file is known by: its size, and when its content and it itself last changed, in ns; of a member of an archive
# its size, check sum and packed size.
Stamp = tuple[int, int, int]

_SERIES, _SOP = 0x0020000E, 0x00080018
_OF_KIND = frozenset(KIND_TAGS)
_REST = ("size", "pixel_offset", "pixel_length", "complete", "inflate_from")


class Pack(Protocol):
    """Some files that are kept together, by their numbers."""

    @property
    def series_uids(self) -> Collection[bytes]:
        """The Series Instance UIDs in them, without padding; b"" stands for images that name none."""
        ...

    @property
    def beside(self) -> Sequence[tuple[str, Stamp]]:
        """Other files that are part of them, and what those are known by."""
        ...

    def header(self, n: int) -> Read:
        """Return what a file holds, as it was packed."""
        ...

    def recall(self, numbers: Sequence[int], places: Sequence[FilePlace], changed_ns: Sequence[int]) -> Iterable[Found]:
        """Return what files hold, in the order given; each by its number, where it is now, and its last change."""
        ...


@frozen(eq=False)
class Packed:
    """The names of a pack's files, what they are known by (a list for each part of a stamp), and what they hold."""

    names: list[str]
    stamps: tuple[list[int], list[int], list[int]]
    held: Pack


def pack(files: Mapping[str, tuple[Stamp, Read]]) -> bytes:
    """Return what is known of files by name in a form to be stored."""
    alike: dict[Any, list[tuple[str, Stamp, ImageHeader]]] = {}
    skipped: list[tuple[str, Stamp, str]] = []
    packs: list[dict[str, Any]] = []
    for name, (stamp, found) in files.items():
        if isinstance(found, ImageHeader):
            key = name if found.described else (found.values.get(_SERIES), frozenset(found.values))
            alike.setdefault((found.transfer_syntax, key), []).append((name, stamp, found))
        elif isinstance(found, list):
            packs.append(
                {**_named([(name, stamp)]), "entries": [_as_json(entry) for entry in found], "beside": _beside(found)}
            )
        else:
            skipped.append((name, stamp, f"{found.sentence}\n{advice(found)}".rstrip()))
    packs += [_packed_images(members) for members in alike.values()]
    if skipped:
        packs.append({**_named([s[:2] for s in skipped]), "why": [why for _, _, why in skipped]})
    return json.dumps(packs, separators=(",", ":")).encode("ascii")


def unpack(stored: bytes) -> list[Packed]:
    """Return what was packed; what a file holds is worked out when it is asked for.

    Raises
    ------
    ValueError, LookupError, TypeError
        Where it is not what `pack` made.
    """
    found: list[Packed] = []
    for one in json.loads(stored):
        held: Pack
        if "same" in one:
            held = _Images.of(one)
        else:
            held = _Volumes(one["entries"], one["beside"]) if "entries" in one else _Reasons(one["why"])
        sizes, changed, times = one["stamps"]
        if not len(one["names"]) == len(sizes) == len(changed) == len(times):
            raise ValueError("files and what they are known by do not fit together")
        found.append(Packed(one["names"], (sizes, changed, times), held))
    return found


def stamp_of(path: str) -> Stamp | None:
    """Return what a file is known by, None where it cannot be asked."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return (there.st_size, there.st_mtime_ns, there.st_ctime_ns)


def _as_json(entry: SeriesEntry) -> dict[str, Any]:
    """Return a volume in a file of its own, which has no frames."""
    # Slow to load, and not needed for images in series.
    import cattrs

    names = (field.name for field in fields(SeriesEntry) if field.name != "frames")
    return {name: cattrs.unstructure(getattr(entry, name)) for name in names}


def _from_json(stored: Mapping[str, Any]) -> SeriesEntry:
    import cattrs

    said: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()}
    said["facts"] = cattrs.structure(stored["facts"], SeriesFacts)
    if said.get("foreseen"):
        verdict, reason = said["foreseen"]
        said["foreseen"] = (Verdict(verdict), reason)
    return SeriesEntry(**said, frames=())


def _beside(entries: list[SeriesEntry]) -> list[tuple[str, Stamp]]:
    # Those inside an archive are known by the archive's own header.
    names = dict.fromkeys(name for entry in entries for name in entry.files[1:])
    return [(name, stamp) for name in names if (stamp := stamp_of(name)) is not None]


def _named(files: Sequence[tuple[str, Stamp]]) -> dict[str, Any]:
    return {"names": [name for name, _ in files], "stamps": list(zip(*(stamp for _, stamp in files), strict=True))}


def _packed_images(members: list[tuple[str, Stamp, ImageHeader]]) -> dict[str, Any]:
    headers = [header for _, _, header in members]
    first = headers[0]
    return {
        **_named([m[:2] for m in members]),
        "syntax": first.transfer_syntax,
        **_table([h.values for h in headers]),
        # Of several files only single images are kept together.
        "frames": {**_table(first.described), "count": len(first.described)} if first.described else None,
        "rest": [[getattr(h, name) for h in headers] for name in _REST],
    }


def _table(rows: Sequence[Mapping[int, bytes]]) -> dict[str, Any]:
    """Return elements by tag: those that all rows share once, of the others a list, with None where one is absent."""
    same, each = {}, {}
    for tag in dict.fromkeys(tag for row in rows for tag in row):
        column = [row.get(tag) for row in rows]
        texts = [None if value is None else value.decode("latin-1") for value in column]
        if texts[0] is not None and column.count(column[0]) == len(column):
            same[tag] = texts[0]
        else:
            each[tag] = texts
    return {"same": same, "each": each}


def _same(table: Mapping[str, Any]) -> dict[int, bytes]:
    return {int(tag): value.encode("latin-1") for tag, value in table["same"].items()}


def _each(table: Mapping[str, Any]) -> list[tuple[int, list[str | None]]]:
    return [(int(tag), values) for tag, values in table["each"].items()]


@define(eq=False)
class _Images:
    """Headers that have the same elements, or the one of a multi-frame image."""

    syntax: str
    same: dict[int, bytes]
    each: list[tuple[int, list[str | None]]]
    described: tuple[dict[int, bytes], ...]
    rest: list[list[Any]]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> _Images:
        frames = stored["frames"]
        described: tuple[dict[int, bytes], ...] = ()
        if frames:
            shared, own = _same(frames), _each(frames)
            described = tuple({**shared, **_at(own, n)} for n in range(frames["count"]))
        return cls(stored["syntax"], _same(stored), _each(stored), described, stored["rest"])

    @property
    def series_uids(self) -> Collection[bytes]:
        """The Series Instance UID of all of them."""
        return (self.same.get(_SERIES, b"").strip(b"\0 "),)

    @property
    def beside(self) -> Sequence[tuple[str, Stamp]]:
        """Nothing: an image lies in one file."""
        return ()

    def header(self, n: int) -> ImageHeader:
        """Return one header."""
        return ImageHeader(
            {**self.same, **_at(self.each, n)}, self.described, self.syntax, *(column[n] for column in self.rest)
        )

    def recall(self, numbers: Sequence[int], places: Sequence[FilePlace], changed_ns: Sequence[int]) -> Iterator[Image]:
        """Yield the images; what the files have in common is worked out once."""
        if self.described:
            for n, place, changed in zip(numbers, places, changed_ns, strict=True):
                yield evolve(self.header(n), changed_ns=changed).images(place)
            return
        syntax, same = self.syntax, self.same
        tags = [tag for tag, _ in self.each]
        kind = kind_of(same, syntax) if _OF_KIND.isdisjoint(tags) else None
        sizes, offsets, lengths, _, inflated = self.rest
        one_problem = self._shared_problem(places[0]) if kind is not None else None
        # Files of a pack have the same elements, so that no column has gaps.
        columns = [[text.encode("latin-1") for text in column if text is not None] for _, column in self.each]
        rows = list(zip(*columns, strict=True)) or [()] * len(sizes)
        for n, place, changed in zip(numbers, places, changed_ns, strict=True):
            values = same.copy()
            values.update(zip(tags, rows[n], strict=True))
            file = ImageFile(place, sizes[n], offsets[n], lengths[n], 1, inflated[n], changed, values.get(_SOP, b""))
            problem = self._problem(n, place) if one_problem is None else one_problem
            yield values, [frame_of(file, 0, values, kind or kind_of(values, syntax), problem)], syntax

    def _problem(self, n: int, place: FilePlace) -> str:
        return self.header(n).images(place)[1][0].problem

    def _shared_problem(self, place: FilePlace) -> str | None:
        """Return "" where nothing is wrong with the pixels of any of the files, all of one size; else None."""
        sizes, offsets, lengths, completes, inflated = self.rest
        alike = len(set(lengths)) == len(set(inflated)) == 1 and all(completes) and min(offsets) >= 0
        # With all else the same, the file with the least room after its header is the first to end early.
        least = min(range(len(sizes)), key=lambda n: sizes[n] - offsets[n])
        return "" if alike and not self._problem(least, place) else None


def _at(columns: Iterable[tuple[int, list[str | None]]], n: int) -> dict[int, bytes]:
    return {tag: text.encode("latin-1") for tag, column in columns if (text := column[n]) is not None}


@frozen
class _Volumes:
    """The volumes in one file, and the other files that hold voxels of theirs."""

    entries: list[dict[str, Any]]
    files: list[tuple[str, list[int]]]

    @property
    def series_uids(self) -> Collection[bytes]:
        """The UIDs that were made for the volumes."""
        return {str(entry["facts"]["series_uid"]).encode() for entry in self.entries}

    @property
    def beside(self) -> Sequence[tuple[str, Stamp]]:
        """The other files, and what they are known by."""
        return [(name, (stamp[0], stamp[1], stamp[2])) for name, stamp in self.files]

    def header(self, _n: int) -> list[SeriesEntry]:
        """Return the entries."""
        return [_from_json(entry) for entry in self.entries]

    def recall(
        self, numbers: Sequence[int], _places: Sequence[FilePlace], _changed_ns: Sequence[int]
    ) -> Iterable[list[SeriesEntry]]:
        """Return the entries."""
        return [self.header(n) for n in numbers]


@frozen
class _Reasons:
    """Why files hold nothing that can be opened."""

    why: list[str]

    @property
    def series_uids(self) -> Collection[bytes]:
        """Nothing: these are no images."""
        return ()

    @property
    def beside(self) -> Sequence[tuple[str, Stamp]]:
        """Nothing."""
        return ()

    def header(self, n: int) -> UnreadableFileError:
        """Return the reason as the error that the reader raised."""
        sentence, _, hint = self.why[n].partition("\n")
        return UnreadableFileError(sentence, hint)

    def recall(
        self, numbers: Sequence[int], _places: Sequence[FilePlace], _changed_ns: Sequence[int]
    ) -> Iterable[UnreadableFileError]:
        """Return the reasons."""
        return [self.header(n) for n in numbers]
