"""Places that are taken out of the list: masked as long as they are in it, and gone for good then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_place_that_is_being_forgotten_is_masked_as_long_as_it_is_listed(program: Any, folder: Path) -> None:
    program.open(folder)
    place = program.place("ct")
    named = program.index.identity_words(place.id)
    assert named
    program.library.forget(place.id)
    end = time.monotonic() + 10
    while program.index.places():
        assert time.monotonic() < end
        time.sleep(0.005)
    assert program.library.places == (place,)
    assert program.library.naming_words(place.id) == named
    program.rest()
    assert program.library.places == ()


def test_a_forgotten_place_does_not_come_back_with_an_answer_from_before(
    program: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.open(folder)
    place = program.place(folder.name)
    reading, may_answer = threading.Event(), threading.Event()
    real = program.index.places

    def slow() -> Any:
        found = real()
        monkeypatch.setattr(program.index, "places", real)
        reading.set()
        may_answer.wait(10)
        return found

    monkeypatch.setattr(program.index, "places", slow)
    program.library.refresh()
    assert reading.wait(10)
    program.library.forget(place.id)
    program.until(lambda: not program.library.places)
    may_answer.set()
    program.rest()
    assert program.library.places == ()
