"""An index of its own, and small CT to be listed in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.job import JobContext
from viewer.io import scan as scanning
from viewer.io.index import LibraryIndex
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.errors import StorageError
    from viewer.io.index_tables import Kept
    from viewer.io.series_entry import ScanResult

HOUR_NS = 3_600_000_000_000


class Library:
    """An index, what it complained about, and what a program does with it."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.problems: list[StorageError] = []
        # Files that the test has just written are long settled by this clock.
        self.index = LibraryIndex(path, self.problems.append, lambda: time.time_ns() + HOUR_NS)
        self.read: list[str] = []
        reader = scanning.read_image_header

        def noted(place: Any, *rest: Any) -> Any:
            self.read.append(place.name)
            return reader(place, *rest)

        monkeypatch.setattr(scanning, "read_image_header", noted)

    def look(self, path: Path, **how: Any) -> tuple[ScanResult, Kept]:
        """Scan a place with what is remembered of it, and keep what was found; `read` are the files that were read."""
        self.read.clear()
        known = self.index.known_files(path, **how)
        result = scan(path, JobContext(), known)
        return result, self.index.keep(path, result, known)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Return an empty index."""
    made = Library(tmp_path / "user" / "library.sqlite3", monkeypatch)
    yield made
    made.index.close()


@pytest.fixture
def two_series(made_ct: Any) -> Path:
    """Return a folder with a series of five images and one of three, and a letter."""
    for name, count in (("thin", 5), ("lung", 3)):
        positions = [(-10.0, -20.0, 2.5 * k) for k in range(count)]
        made_ct.stack(positions, prefix=f"{name}/", series=str(count), SeriesDescription=f"Thorax {name}")
    (made_ct.folder / "letter.txt").write_text("no image")
    folder: Path = made_ct.folder
    return folder
