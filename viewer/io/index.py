"""The index of places that were opened: lists their series at once, and spares reading headers that have not changed.

Only lists come from here. Whoever opens a series scans it with `read_anew`, so that no voxel is ever placed by what
was only remembered. The index keeps the patients' identity, because people search by it; it lies in the user's own
data folder, readable for that user alone.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.masking import identity_words
from viewer.io import index_tables as tables
from viewer.io.index_rows import ARCHIVE, DICOMDIR, FOLDER, kind_of
from viewer.io.index_store import IndexStore
from viewer.io.index_tables import Kept
from viewer.io.known_files import KnownFiles
from viewer.io.program import program_version
from viewer.io.zip_archive import is_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from sqlite3 import Connection

    from numpy.typing import NDArray

    from viewer.domain.errors import StorageError
    from viewer.io.index_rows import Place, SeriesRow, StudyRow
    from viewer.io.index_tables import Span
    from viewer.io.series_entry import ScanResult, Skipped

_A_MOMENT_S = 0.001
NO_PICTURE = np.zeros((0, 0), np.uint8)


class LibraryIndex:
    """Places, studies, series and headers, kept in one file; every method may be called from any thread.

    Nothing here raises for the file's sake: where it cannot be used, a store in memory takes its place, and
    `on_problem` is called once, from whatever thread, with the reason. `clock_ns` is the time of day since 1970.
    """

    def __init__(
        self, path: Path, on_problem: Callable[[StorageError], None], clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._store = IndexStore(path, on_problem)
        self._clock_ns = clock_ns

    def places(self) -> tuple[Place, ...]:
        """Return the places, that opened last first."""
        return tuple(self._store.read(tables.places))

    def place_at(self, path: Path) -> Place | None:
        """Return the place of a path, or None where it was never opened."""
        return self._store.read(lambda db: tables.place_at(db, os.path.abspath(path)))

    def opened(self, path: Path, when: float | None = None) -> Place:
        """Return the place of a path, remembered as opened now, or at a time in seconds since 1970."""
        name, kind = os.path.abspath(path), _kind(path)

        def work(db: Connection) -> Place:
            tables.touch_place(db, name, kind, self._after_all(db) if when is None else when)
            return tables.places(db, "WHERE p.path = ?", (os.fsencode(name),))[0]

        return self._store.write(work)

    def watch(self, place: int, *, on: bool) -> None:
        """Remember whether a place is watched."""
        self._store.write(lambda db: db.execute("UPDATE place SET watched = ? WHERE id = ?", (int(on), place)))

    def forget(self, place: int) -> None:
        """Remove a place and everything remembered of it."""

        def work(db: Connection) -> None:
            known = {p.id: p for p in tables.places(db)}
            gone = known.pop(place, None)
            if gone is not None:
                others = [span for other in known.values() for span in _spans(other.path, other.kind)]
                tables.forget(db, place, _spans(gone.path, gone.kind), others)

        self._store.write(work)
        self._store.flush()

    def skipped(self, place: int) -> tuple[Skipped, ...]:
        """Return what was skipped when a place was looked at last."""
        return self._store.read(lambda db: tables.skipped_files(db, place))

    def known_files(
        self, path: Path, *, read_anew: str | None = None, passed_over: Collection[str] = frozenset()
    ) -> KnownFiles:
        """Return what is remembered of the files of a path, for `scan`.

        Parameters
        ----------
        read_anew
            Series Instance UID of images that are read from their files in any case.
        passed_over
            Files, by their paths, that are left out: they are still being written.
        """
        spans = _spans(str(path), _kind(path))
        remembered = self._store.read(lambda db: tables.headers(db, spans, made_by()))
        return KnownFiles(remembered, read_anew=read_anew, passed_over=frozenset(passed_over))

    def keep(self, path: Path, result: ScanResult, known: KnownFiles, *, opened: bool = True) -> Kept:
        """Write what a scan of a place found and learned; return what is different from before.

        Parameters
        ----------
        opened
            False where nobody opened it, but it was only looked at again.
        """
        place = self.opened(path) if opened else self.place_at(path)
        if place is None:
            return Kept(0)
        found = tables.described(place, result)
        changes = known.changes(self._clock_ns(), whole=place.kind == FOLDER)

        def work(db: Connection) -> Kept:
            here = tables.place_at(db, place.path)
            if here is None:
                if not opened:
                    # It was forgotten while it was looked at.
                    return Kept(0)
                # The list began anew since: its disk is full.
                tables.touch_place(db, place.path, place.kind, self._after_all(db))
                here = tables.places(db, "WHERE p.path = ?", (os.fsencode(place.path),))[0]
            tables.keep_headers(db, changes, made_by())
            return tables.keep_result(db, here, found, result.skipped, known.new, self._now_s())

        return self._store.write(work)

    def learn(self, known: KnownFiles) -> None:
        """Write what a scan learned about files, whatever became of the scan."""
        changes = known.changes(self._clock_ns(), whole=False)
        if changes:
            self._store.write(lambda db: tables.keep_headers(db, changes, made_by()))

    def find(
        self, words: str = "", places: Collection[int] | None = None, *, masked: bool = False
    ) -> list[tuple[int, int]]:
        """Return the ids of series, and of their studies, in which every word occurs; newest studies first.

        Words are compared without case and accents. `places` None stands for all, each series once. Where `masked`,
        what identifies patients is not searched.
        """
        return self._store.read(lambda db: tables.find(db, words, places, masked=masked))

    def series(self, ids: Iterable[int]) -> dict[int, SeriesRow]:
        """Return series by their ids; those that are gone are left out."""
        return self._store.read(lambda db: tables.series(db, ids))

    def copies(self, ids: Iterable[int]) -> dict[int, list[SeriesRow]]:
        """Return for each of some series the copies that lie in other places; most have none."""
        return self._store.read(lambda db: tables.copies(db, ids))

    def series_of(self, uid: str) -> list[SeriesRow]:
        """Return the series of a UID, each part and each place for itself; the place that was opened last first."""
        return self._store.read(lambda db: tables.series_of(db, uid))

    def studies(self, ids: Iterable[int]) -> dict[int, StudyRow]:
        """Return studies by their ids."""
        return self._store.read(lambda db: tables.studies(db, ids))

    def identity_words(self, place: int) -> frozenset[str]:
        """Return the words that give away the patients of a place."""
        found = self._store.read(lambda db: tables.identities(db, place))
        return identity_words(*(study.identity for study in found))

    def picture(self, series: int) -> NDArray[np.uint8] | None:
        """Return a series' picture, shape (h, w); empty where none can be made, None where none was made yet."""
        return self._store.read(lambda db: tables.picture(db, series))

    def keep_picture(self, series: int, pixels: NDArray[np.uint8]) -> None:
        """Keep a series' picture; `NO_PICTURE` where none can be made."""
        self._store.write(lambda db: tables.keep_picture(db, series, pixels))

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _after_all(self, db: Connection) -> float:
        """Return now, or a moment after the place that was opened last where the clock was put back since."""
        return max(self._now_s(), tables.last_opened(db) + _A_MOMENT_S)

    def _now_s(self) -> float:
        return self._clock_ns() / 1e9


@cache
def made_by() -> str:
    """Return what stands for the code that reads headers: headers that other code read are not recalled."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    # To look the version up takes as long as to read the headers of many images; a frozen program has nothing else.
    digest = hashlib.sha256(b"" if sources else program_version().encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _kind(path: Path) -> str:
    return kind_of(path, archive=os.path.isfile(path) and is_archive(str(path)))


def _spans(path: str, kind: str) -> list[Span]:
    """Return the names of folders, as `known_files.beginning_of` gives them, that a scan of a place may look into."""
    name = os.path.abspath(path)
    if kind == FOLDER:
        return [_below(folder) for folder in dict.fromkeys((name, os.path.realpath(name)))]
    if kind == DICOMDIR:
        return [_below(os.path.dirname(name)), _below(os.path.realpath(os.path.dirname(name)))]
    alone = os.fsencode(f"{name}/" if kind == ARCHIVE else os.path.join(os.path.dirname(name), ""))
    return [(alone, alone + b"\0")]


def _below(folder: str) -> Span:
    first = os.fsencode(os.path.join(folder, ""))
    return (first, first[:-1] + bytes([first[-1] + 1]))
