"""A program without a window: index, background jobs, and a main thread that takes what they bring."""

from __future__ import annotations

import errno
import os
import queue
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.session import Session
from viewer.io.decoders import Decoders
from viewer.io.index import LibraryIndex
from viewer.services.jobs import JobRunner
from viewer.services.opening import Opening
from viewer.services.pictures import Pictures
from viewer.services.scan_library import ScanLibrary
from viewer.services.watching import FolderWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.io.conftest import MadeCt

HOUR_NS = 3_600_000_000_000


class Program:
    """The services around the library, as long as one run of the program."""

    def __init__(self, home: Path, look_every_s: float) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.session = Session()
        self.runner = JobRunner(self._calls.put)
        self.failures: list[Any] = []
        # Files that a test has just written are long settled by this clock.
        self.index = LibraryIndex(
            home / "library.sqlite3",
            lambda problem: self._calls.put(lambda: self.failures.append(problem)),
            lambda: time.time_ns() + HOUR_NS,
        )
        self.decoders = Decoders()
        self.opening = Opening(self.session, self.runner, self.decoders)
        self.watching = FolderWatch(self.index, self._calls.put, every_s=look_every_s)
        self.library = ScanLibrary(self.index, self.runner, self.opening, self.watching)
        self.pictures = Pictures(self.index, self.runner, self.opening, self.decoders)
        self.listed: list[tuple[str, ...]] = []
        self.skipped: list[Any] = []
        self.opened: list[Any] = []
        self.arrived: list[tuple[str, int, int, int]] = []
        self.vanished: list[str] = []
        self.why_vanished: list[str] = []
        self.library.listed.connect(lambda places: self.listed.append(tuple(p.name for p in places)))
        self.library.skipped.connect(lambda skipped, _naming: self.skipped.append(skipped))
        self.library.failed.connect(self.failures.append)
        self.library.arrived.connect(
            lambda p, kept: self.arrived.append((p.name, len(kept.new), len(kept.grown), len(kept.gone)))
        )
        self.library.vanished.connect(lambda place: self.vanished.append(place.name))
        self.library.vanished.connect(lambda _place, why: self.why_vanished.append(why))
        self.opening.opened.connect(self.opened.append)
        self.opening.failed.connect(self.failures.append)
        self.library.refresh()

    def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Run what comes home until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            assert left > 0, "it did not come about"
            try:
                self._calls.get(timeout=min(left, 0.02))()
            except queue.Empty:
                continue

    def look(self, times: int = 1) -> None:
        """Look at the watched folders, as is done every two seconds."""
        for _ in range(times):
            self.watching.look()
            self.rest()

    def rest(self) -> None:
        """Run until no job is left."""
        self.until(lambda: not self.runner._jobs and self._calls.empty())

    def open(self, *paths: Path) -> None:
        """Open paths, and wait until all that follows is done."""
        self.library.open(paths)
        self.rest()

    def rows(self, words: str = "", place: str = "") -> list[Any]:
        """Return the listed series, of one place by its name or of all."""
        places = [p.id for p in self.library.places if p.name == place] if place else None
        ids = [series for series, _ in self.library.find(words, places, masked=False)]
        rows = self.library.series(ids)
        return [rows[ident] for ident in ids]

    def place(self, name: str) -> Any:
        """Return a place by its name."""
        return next(p for p in self.library.places if p.name == name)

    def end(self) -> None:
        """End the program."""
        self.opening.cancel()
        self.library.close()
        self.decoders.close()
        self.runner.shutdown()
        self.index.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Return a function that starts the program; each start finds what the last one kept."""
    running: list[Program] = []

    def act(look_every_s: float = 0) -> Program:
        for program in running:
            program.end()
        running[:] = [Program(tmp_path / "home", look_every_s)]
        running[0].rest()
        return running[0]

    yield act
    for program in running:
        program.end()


@pytest.fixture
def program(start: Callable[..., Program]) -> Program:
    """Return a program that was never used before."""
    return start()


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Callable[[], None]]:
    """Return a function that keeps everybody from looking into a folder, and returns what opens it again."""
    asked = os.scandir

    def close(folder: Path) -> Callable[[], None]:
        def refused(path: Any = ".") -> Any:
            if isinstance(path, str | os.PathLike) and Path(path).is_relative_to(folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return asked(path)

        monkeypatch.setattr(os, "scandir", refused)
        return lambda: monkeypatch.setattr(os, "scandir", asked)

    return close


@pytest.fixture
def made(made_ct: MadeCt) -> MadeCt:
    """Return a writer of small CT."""
    return made_ct


@pytest.fixture
def folder(made: MadeCt) -> Path:
    """Return a folder with a series of five images and one of three, and a letter."""
    for name, count in (("thin", 5), ("lung", 3)):
        positions = [(-10.0, -20.0, 2.5 * k) for k in range(count)]
        made.stack(positions, prefix=f"{name}/", series=str(count), SeriesDescription=f"Thorax {name}")
    (made.folder / "letter.txt").write_text("no image")
    return made.folder
