"""Places that nobody may look at: a folder on the way is closed, a share is gone."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.errors import NothingToOpenError
from viewer.domain.job import JobContext
from viewer.io.index import LibraryIndex
from viewer.io.scan import scan
from viewer.services.places_looking import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[errno.EACCES, errno.EIO, errno.ESTALE, errno.ENAMETOOLONG])
def closed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file about which the system says nothing but an error."""
    place = tmp_path / "closed" / "IM1"
    asked = os.stat

    def refused(path: Any, *arguments: Any, **how: Any) -> os.stat_result:
        if os.fspath(path) == str(place):
            raise OSError(request.param, os.strerror(request.param))
        return asked(path, *arguments, **how)

    monkeypatch.setattr(os, "stat", refused)
    return place


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LibraryIndex]:
    """Return an empty index."""
    found = LibraryIndex(tmp_path / "library.sqlite3", lambda _problem: None)
    yield found
    found.close()


def test_a_place_that_cannot_be_looked_at_says_why(closed: Path, index: LibraryIndex) -> None:
    for look in (lambda: scan(closed, JobContext()), lambda: look_at(index, [closed], JobContext())):
        with pytest.raises(NothingToOpenError) as caught:
            look()
        assert caught.value.sentence.startswith("This place cannot be looked at (")
        assert "connected" in caught.value.hint


def test_a_name_that_can_be_none_is_of_nothing() -> None:
    with pytest.raises(NothingToOpenError, match="no file or folder"):
        scan(Path("a\0b"), JobContext())
