"""What is remembered of the files of a place, held against the files as they are now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError
from viewer.io.header_pack import pack, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from viewer.io.file_bytes import FilePlace
    from viewer.io.header_pack import Found, Pack, Packed, Read, Stamp

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
        remembered: Mapping[str, Iterable[Packed]],
        *,
        read_anew: str | None = None,
        passed_over: frozenset[str] = frozenset(),
    ) -> None:
        # Columns instead of a value for each file: there may be many, and each value costs time to make and to free.
        self._number: dict[str, int] = {}
        self._names: list[str] = []
        self._sizes: list[int] = []
        self._changed: list[int] = []
        self._times: list[int] = []
        self._held: list[Pack] = []
        self._n: list[int] = []
        self._folders: dict[str, list[range]] = {}
        for beginning, packs in remembered.items():
            self._folders[beginning] = [self._take(beginning, packed) for packed in packs]
        self._number = {name: number for number, name in enumerate(self._names)}
        self._read_anew = frozenset() if read_anew is None else frozenset((read_anew.encode(), b""))
        self._passed_over = passed_over
        # What was seen, in its order: its number above, or −1 where it has to be read.
        self._places: list[FilePlace] = []
        self._numbers: list[int] = []
        self._at: dict[str, int] = {}
        self._stamps: dict[str, Stamp] = {}
        self._read: dict[str, Read] = {}
        self._new: set[str] = set()

    def _take(self, beginning: str, packed: Packed) -> range:
        first, count = len(self._names), len(packed.names)
        self._names += [beginning + name for name in packed.names]
        for column, said in zip((self._sizes, self._changed, self._times), packed.stamps, strict=True):
            column += said
        self._held += [packed.held] * count
        self._n += range(count)
        return range(first, first + count)

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
        known, anew, held = self._number.get, self._read_anew, self._held
        sizes, changed, times = self._sizes, self._changed, self._times
        unread: list[FilePlace] = []
        usable: dict[int, bool] = {}
        for place in places:
            name = place.path if place.member is None else place.name
            if place.path in self._passed_over:
                continue
            stamp = _stamp(place)
            number = known(name, -1)
            if number >= 0:
                if stamp != (sizes[number], changed[number], times[number]):
                    number = -1
                else:
                    pack_of_it = held[number]
                    if id(pack_of_it) not in usable:
                        usable[id(pack_of_it)] = anew.isdisjoint(pack_of_it.series_uids) and _complete(pack_of_it)
                    if not usable[id(pack_of_it)]:
                        number = -1
            self._at[name] = len(self._places)
            self._places.append(place)
            self._numbers.append(number)
            if number < 0:
                unread.append(place)
                if stamp is not None:
                    self._stamps[name] = stamp
        return unread

    def learn(self, place: FilePlace, found: Read) -> None:
        """Take what was read from a file."""
        name = place.name
        self._read[name] = found
        number = self._number.get(name, -1)
        if number < 0 or self._stamp(number) != self._stamps.get(name) or self._header(number) != found:
            self._new.add(name)

    def _stamp(self, number: int) -> Stamp:
        return (self._sizes[number], self._changed[number], self._times[number])

    def _header(self, number: int) -> Read:
        return self._held[number].header(self._n[number])

    def found(self) -> Iterator[tuple[FilePlace, Found]]:
        """Yield what each file holds, in the order in which `unread` got them."""
        wanted: dict[int, tuple[Pack, list[int], list[FilePlace], list[int]]] = {}
        for place, number in zip(self._places, self._numbers, strict=True):
            if number >= 0:
                held = self._held[number]
                if id(held) not in wanted:
                    wanted[id(held)] = (held, [], [], [])
                _, numbers, places, changed = wanted[id(held)]
                numbers.append(self._n[number])
                places.append(place)
                changed.append(self._changed[number] if place.member is None else 0)
        recalled = {
            key: iter(held.recall(numbers, places, changed)) for key, (held, numbers, places, changed) in wanted.items()
        }
        for place, number in zip(self._places, self._numbers, strict=True):
            yield place, next(recalled[id(self._held[number])]) if number >= 0 else self._read[place.name]

    def changes(self, now_ns: int, *, whole: bool) -> dict[str, bytes]:
        """Return what is to be remembered from now on of folders in which something is new, packed; b"" for nothing.

        Parameters
        ----------
        now_ns
            The time of day since 1970.
        whole
            True where every file was seen, so that those that were not are gone.
        """
        changed = {beginning_of(self._places[self._at[name]]) for name in self._new}
        if whole:
            for folder, spans in self._folders.items():
                if any(self._names[number] not in self._at for span in spans for number in span):
                    changed.add(folder)
        if not changed:
            return {}
        files: dict[str, dict[str, tuple[Stamp, Read]]] = {folder: {} for folder in changed}
        for folder in () if whole else changed.intersection(self._folders):
            for number in (number for span in self._folders[folder] for number in span):
                files[folder][self._names[number]] = (self._stamp(number), self._header(number))
        for name, at in self._at.items():
            place, number = self._places[at], self._numbers[at]
            folder = beginning_of(place)
            if folder not in changed:
                continue
            files[folder].pop(name, None)
            if number >= 0:
                files[folder][name] = (self._stamp(number), self._header(number))
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
