"""What is remembered of the files of a place, held against the files as they are now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError
from viewer.io.header_pack import pack, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from viewer.io.file_bytes import FilePlace
    from viewer.io.header_pack import Filed, Found, Pack, Read, Stamp

# A file that changed so recently might change again within one tick of its file system's clock (FAT: 2 s).
_YOUNG_NS = 2_000_000_000


class KnownFiles:
    """Gives a scan what has not changed since it was read, and takes what the scan reads.

    A file is the same where its size and its times, of content and of itself, are; a member of an archive where its
    sizes and its check sum are.

    Parameters
    ----------
    remembered
        What is remembered, by the beginning that the names of a folder's files share (`beginning_of`) and the rest.
    read_anew
        Series Instance UID of images that are read from their files in any case, with those that name no series;
        None where none are.
    passed_over
        Files, by their paths, that are left out as if they were not there, also archives: they are still being written.
    """

    def __init__(
        self,
        remembered: Mapping[str, Iterable[tuple[str, Filed]]],
        *,
        read_anew: str | None = None,
        passed_over: frozenset[str] = frozenset(),
    ) -> None:
        self._files: dict[str, Filed] = {}
        self._of_folder: dict[str, list[str]] = {}
        for beginning, files in remembered.items():
            named = [(beginning + rest, filed) for rest, filed in files]
            self._files.update(named)
            self._of_folder[beginning] = [name for name, _ in named]
        self._read_anew = frozenset() if read_anew is None else frozenset((read_anew.encode(), b""))
        self._passed_over = passed_over
        # What was seen, in its order: each file with its pack and number there, or None where it has to be read.
        self._seen: dict[str, tuple[FilePlace, Pack | None, int]] = {}
        self._stamps: dict[str, Stamp] = {}
        self._read: dict[str, Read] = {}
        self._new: set[str] = set()

    @property
    def read(self) -> frozenset[str]:
        """The names of files that were read, not recalled."""
        return frozenset(self._read)

    @property
    def new(self) -> frozenset[str]:
        """The names of files of which something else was remembered, or nothing."""
        return frozenset(self._new)

    def unread(self, places: Iterable[FilePlace]) -> list[FilePlace]:
        """Return the files that have to be read: new ones, changed ones, and those of the series to read anew."""
        known, seen, anew = self._files.get, self._seen, self._read_anew
        unread: list[FilePlace] = []
        recalled: dict[int, bool] = {}
        for place in places:
            name = place.path if place.member is None else place.name
            if place.path in self._passed_over:
                continue
            stamp = _stamp(place)
            filed = known(name)
            if filed is not None and filed[0] == stamp:
                held = filed[1]
                recall = recalled.get(id(held))
                if recall is None:
                    recall = recalled[id(held)] = anew.isdisjoint(held.series_uids) and _complete(held)
                if recall:
                    seen[name] = (place, held, filed[2])
                    continue
            if stamp is not None:
                self._stamps[name] = stamp
            seen[name] = (place, None, 0)
            unread.append(place)
        return unread

    def learn(self, place: FilePlace, found: Read) -> None:
        """Take what was read from a file."""
        name = place.name
        self._read[name] = found
        filed = self._files.get(name)
        if filed is None or filed[0] != self._stamps.get(name) or filed[1].header(filed[2]) != found:
            self._new.add(name)

    def found(self) -> Iterator[tuple[FilePlace, Found]]:
        """Yield what each file holds, in the order in which `unread` got them."""
        wanted: dict[int, tuple[Pack, list[tuple[int, FilePlace]]]] = {}
        for place, held, n in self._seen.values():
            if held is not None:
                wanted.setdefault(id(held), (held, []))[1].append((n, place))
        recalled = {key: iter(held.recall(files)) for key, (held, files) in wanted.items()}
        read = self._read
        for name, (place, held, _) in self._seen.items():
            yield place, read[name] if held is None else next(recalled[id(held)])

    def changes(self, now_ns: int, *, whole: bool) -> dict[str, bytes]:
        """Return what is to be remembered from now on of folders in which something is new, packed; b"" for nothing.

        Parameters
        ----------
        now_ns
            The time of day since 1970.
        whole
            True where every file was seen, so that those that were not are gone.
        """
        changed = {beginning_of(self._seen[name][0]) for name in self._new}
        if whole:
            seen = self._seen
            changed |= {folder for folder, names in self._of_folder.items() if any(name not in seen for name in names)}
        if not changed:
            return {}
        files: dict[str, dict[str, tuple[Stamp, Read]]] = {folder: {} for folder in changed}
        for folder in () if whole else changed.intersection(self._of_folder):
            for name in self._of_folder[folder]:
                stamp, held, n = self._files[name]
                files[folder][name] = (stamp, held.header(n))
        for name, (place, pack_of_it, n) in self._seen.items():
            folder = beginning_of(place)
            if folder not in changed:
                continue
            files[folder].pop(name, None)
            if pack_of_it is not None:
                files[folder][name] = (self._files[name][0], pack_of_it.header(n))
                continue
            found, known_by = self._read.get(name), self._stamps.get(name)
            if found is not None and known_by is not None and _lasting(place, known_by, found, now_ns):
                files[folder][name] = (known_by, found)
        return {
            folder: pack({name[len(folder) :]: known for name, known in held.items()}) if held else b""
            for folder, held in files.items()
        }


def beginning_of(place: FilePlace) -> str:
    """Return the part of a file's name that it shares with the other files of its folder or archive."""
    name = place.name
    own = place.member.name if place.member is not None else os.path.basename(place.path)
    return name[: len(name) - len(own)]


def _stamp(place: FilePlace) -> Stamp | None:
    member = place.member
    return stamp_of(place.path) if member is None else (member.size, member.crc32, member.packed_size)


def _complete(held: Pack) -> bool:
    return all(stamp_of(name) == stamp for name, stamp in held.beside)


def _lasting(place: FilePlace, stamp: Stamp, found: Read, now_ns: int) -> bool:
    """Return whether what was read may be remembered: not where reading failed, nor of a file that is too young."""
    if isinstance(found, CaseStageError) and isinstance(found.__cause__, OSError | MemoryError):
        return False
    return place.member is not None or min(abs(now_ns - stamp[1]), abs(now_ns - stamp[2])) > _YOUNG_NS
