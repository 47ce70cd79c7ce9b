"""The files that a DICOMDIR lists, held inside the folder it lies in (DICOM PS3.10 section 8, PS3.3 annex F)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.file_bytes import FilePlace, InflatedSource
from viewer.io.folder_files import inside, name_below
from viewer.io.header_walk import DEFLATED_LITTLE, EXPLICIT_LITTLE, find_start
from viewer.io.sequence_items import elements_of, form_of
from viewer.io.series_entry import Skipped

if TYPE_CHECKING:
    from viewer.domain.job import JobContext

_RECORDS, _FILE_ID = 0x00041220, 0x00041500
_LARGEST = 64 << 20
_LONGEST_NAME = 255
NOT_THERE = "Is listed in the DICOMDIR but is not there."


def is_dicomdir(path: str) -> bool:
    """Return True where a file's name is that of a DICOMDIR, or of a copy of one."""
    return os.path.basename(path).upper().startswith("DICOMDIR")


def listed_files(path: str, skipped: list[Skipped], ctx: JobContext) -> list[FilePlace]:
    """Return the files that a DICOMDIR names and that are there; empty where it cannot be read or names none.

    Names are found whatever their case and with or without a version ";1", as discs are copied in many ways. What
    is not there, and what would lie outside of the folder, is added to `skipped`.
    """
    root = os.path.realpath(os.path.dirname(path))
    known: dict[str, dict[str, str]] = {}
    found: dict[str, FilePlace] = {}
    for parts in _file_ids(path):
        ctx.stop_if_cancelled()
        if not all(part.isprintable() for part in parts) or max(map(len, parts)) > _LONGEST_NAME:
            # What else it says might be whose images these are.
            skipped.append(Skipped(os.path.basename(path), "Names a file by what can be no name."))
            continue
        shown = "/".join(parts)
        if any(part in ("", ".", "..") or "/" in part or "\\" in part or "\0" in part for part in parts):
            skipped.append(Skipped(shown, "The DICOMDIR names a file outside of its folder."))
            continue
        place = _resolved(root, parts, known)
        if place is None:
            skipped.append(Skipped(shown, NOT_THERE))
        elif not inside(root, place):
            skipped.append(Skipped(name_below(root, place), "A link that leads out of the folder."))
        elif os.path.isfile(place):
            found.setdefault(place, FilePlace(place))
        else:
            skipped.append(Skipped(name_below(root, place), "Not a file that can be read."))
    return list(found.values())


def _file_ids(path: str) -> list[list[str]]:
    """Return the Referenced File IDs, each as its parts."""
    try:
        with FilePlace(path).opened() as (source, size):
            start = find_start(source)
            if start is None:
                return []
            syntax, at = start.transfer_syntax, start.offset
            if syntax == DEFLATED_LITTLE:
                source, syntax, at = InflatedSource(source, at, size - at), EXPLICIT_LITTLE, 0
            content = source.read_at(at, _LARGEST)
        records = elements_of(content, 0, form_of(syntax), (_RECORDS,)).get(_RECORDS)
    except (UnreadableFileError, ValueError):
        return []
    named = [record.get(_FILE_ID) for record in records] if isinstance(records, list) else []
    return [_parts(raw) for raw in named if isinstance(raw, bytes) and raw.strip(b"\0 ")]


def _parts(raw: bytes) -> list[str]:
    return [part.decode("latin-1").strip("\0 ") for part in raw.split(b"\\")]


def _resolved(root: str, parts: list[str], known: dict[str, dict[str, str]]) -> str | None:
    current = root
    for part in parts:
        if current not in known:
            try:
                known[current] = {_plain(name): name for name in os.listdir(current)}
            except OSError:
                known[current] = {}
        name = known[current].get(_plain(part))
        if name is None:
            return None
        current = os.path.join(current, name)
    return current


def _plain(name: str) -> str:
    return name.partition(";")[0].rstrip(".").upper()
