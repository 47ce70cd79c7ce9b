"""The files that a DICOMDIR lists, held inside the folder it lies in (DICOM PS3.10 section 8, PS3.3 annex F)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import UnreadableFileError
from viewer.io.file_bytes import FilePlace, InflatedSource
from viewer.io.folder_files import inside, name_below
from viewer.io.header_walk import DEFLATED_LITTLE, EXPLICIT_LITTLE, find_start
from viewer.io.sequence_items import form_of, placed_items
from viewer.io.series_entry import Skipped

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.io.sequence_items import Item

_RECORDS, _FILE_ID = 0x00041220, 0x00041500
_NEXT, _IN_USE, _LOWER, _KIND, _SOP_UID, _SERIES_UID = (
    0x00041400, 0x00041410, 0x00041420, 0x00041430, 0x00041511, 0x0020000E,
)  # fmt: skip
_LARGEST = 64 << 20
_LONGEST_NAME = 255
NOT_THERE = "Is listed in the DICOMDIR but is not there."
LISTS_NONE = "Is to list other files (DICOMDIR), and lists no image."
DAMAGED = "Lists other files (DICOMDIR), and is damaged: not all of what it lists is known."


@frozen
class ListedImage:
    """An image that a DICOMDIR lists.

    Attributes
    ----------
    parts
        The parts of its file's name, below the folder of the DICOMDIR.
    sop_uid
        Its SOP Instance UID, "" where none is said.
    series
        What it shares with the images that are listed under the same series, and with no other; "" where it is
        listed under none.
    """

    parts: tuple[str, ...]
    sop_uid: str
    series: str


def is_dicomdir(path: str) -> bool:
    """Return True where a file's name is that of a DICOMDIR, or of a copy of one."""
    return os.path.basename(path).upper().startswith("DICOMDIR")


def listed_files(path: str, skipped: list[Skipped], ctx: JobContext) -> tuple[list[FilePlace], set[str]]:
    """Return the files that a DICOMDIR names and that are there; empty where it is damaged or names none.

    Also the folders in which it names some, there or not: under other names they may lie there too.

    Names are found whatever their case and with or without a version ";1", as discs are copied in many ways. What
    is not there, and what would lie outside of the folder, is added to `skipped`.
    """
    root = os.path.realpath(os.path.dirname(path))
    known: dict[str, dict[str, str]] = {}
    found: dict[str, FilePlace] = {}
    folders: set[str] = set()
    records = _Records(FilePlace(path))
    for parts in filter(None, (_file_id(record) for record in records.at.values() if records.whole)):
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
            folder = _resolved(root, parts[:-1], known)
            folders |= {folder} if folder is not None and inside(root, folder) else set()
        elif not inside(root, place):
            skipped.append(Skipped(name_below(root, place), "A link that leads out of the folder."))
        elif os.path.isfile(place):
            found.setdefault(place, FilePlace(place))
            folders.add(os.path.dirname(place))
        else:
            skipped.append(Skipped(name_below(root, place), "Not a file that can be read."))
    return list(found.values()), folders


def listed_images(place: FilePlace) -> tuple[list[ListedImage], bool]:
    """Return the images that a DICOMDIR lists, without those that are no longer in use, and whether it is whole.

    Of one that is damaged they are those before the damage.
    """
    records = _Records(place)
    series = records.series()
    found = [
        ListedImage(parts, _text(record, _SOP_UID), series[at])
        for at, record in records.at.items()
        if _text(record, _KIND) in ("IMAGE", "") and record.get(_IN_USE) != b"\0\0" and (parts := _file_id(record))
    ]
    return found, records.whole


def plain_name(name: str) -> str:
    """Return a name as it is looked for: discs are copied in upper or lower case, with or without a version ";1"."""
    return name.partition(";")[0].rstrip(".").upper()


class _Records:
    """The directory records of a DICOMDIR, by their offset in the file; those before the damage if not `whole`."""

    def __init__(self, place: FilePlace) -> None:
        self.at: dict[int, Item] = {}
        self.whole = False
        self._big = False
        try:
            with place.opened() as (source, size):
                start = find_start(source)
                if start is None:
                    return
                # No more than there is: from a packed member of an archive more than it may become is refused.
                syntax, at, most = start.transfer_syntax, start.offset, min(_LARGEST, size - start.offset)
                if syntax == DEFLATED_LITTLE:
                    source, syntax, at, most = InflatedSource(source, at, size - at), EXPLICIT_LITTLE, 0, _LARGEST
                content = source.read_at(at, most)
            form = form_of(syntax)
            self._big = form.big
            placed, self.whole = placed_items(content, form, _RECORDS)
            self.at = {at + n: item for n, item in placed}
        except (UnreadableFileError, ValueError):
            return

    def series(self) -> dict[int, str]:
        """Return for each record what its series is told apart by, as `ListedImage` says.

        A series names its first image and each image the next, in whatever order they are stored (PS3.3 F.3.2.2).
        What no series leads to belongs to the one before it.
        """
        reached: dict[int, str] = {}
        current, before = "", {}
        for at, record in self.at.items():
            kind = _text(record, _KIND)
            if kind in ("PATIENT", "STUDY"):
                current = ""
            if kind == "SERIES":
                current = _text(record, _SERIES_UID) or f"record {at}"
                step = self._number(record, _LOWER)
                while step in self.at and step not in reached:
                    reached[step] = current
                    step = self._number(self.at[step], _NEXT)
            before[at] = current
        return before | reached

    def _number(self, record: Item, tag: int) -> int:
        raw = record.get(tag)
        return int.from_bytes(raw, "big" if self._big else "little") if isinstance(raw, bytes) else 0


def _text(record: Item, tag: int) -> str:
    raw = record.get(tag)
    return raw.decode("latin-1").strip("\0 ") if isinstance(raw, bytes) else ""


def _file_id(record: Item) -> tuple[str, ...]:
    """Return the parts of the Referenced File ID, () where there is none."""
    raw = record.get(_FILE_ID)
    if not isinstance(raw, bytes) or not raw.strip(b"\0 "):
        return ()
    return tuple(part.decode("latin-1").strip("\0 ") for part in raw.split(b"\\"))


def _resolved(root: str, parts: tuple[str, ...], known: dict[str, dict[str, str]]) -> str | None:
    current = root
    for part in parts:
        if current not in known:
            try:
                known[current] = {plain_name(name): name for name in os.listdir(current)}
            except OSError:
                known[current] = {}
        name = known[current].get(plain_name(part))
        if name is None:
            return None
        current = os.path.join(current, name)
    return current
