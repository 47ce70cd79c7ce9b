"""A reader's mark is moved, and what was said of it goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.test_reviewing import Desk
from viewer.domain.finding import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_a_mark_is_moved_undone_made_again_and_found_there_after_a_restart(desk: Desk, tmp_path: Path) -> None:
    def places() -> list[tuple[float, ...]]:
        return [tuple(f.centre_lps_mm) for f in desk.session.findings if f.source.kind is SourceKind.READER]

    mark = desk.reviewing.mark_missed((0.0, 0.0, 10.0))
    assert mark is not None
    desk.reviewing.comment("Behind the vessel")
    assert desk.reviewing.move_mark(mark.id, (4.0, 5.0, 20.0))
    desk.reviewing.select("f1")
    desk.navigation.finish()
    assert places() == [(4.0, 5.0, 20.0)]
    desk.reviewing.undo()
    assert places() == [(0.0, 0.0, 10.0)]
    assert desk.in_hand == mark.id, "nothing changes out of sight"
    desk.reviewing.redo()
    assert places() == [(4.0, 5.0, 20.0)]
    desk.close()
    again = Desk(tmp_path)
    (moved,) = (f for f in again.session.findings if f.id == mark.id)
    assert tuple(moved.bounds_lps_mm[:, 0]) == (-1.0, 0.0, 15.0)
    assert again.session.decisions[mark.id].comment == "Behind the vessel"
    again.close()


def test_what_a_model_found_stays_where_it_is_and_a_mark_in_the_volume(desk: Desk) -> None:
    mark = desk.reviewing.mark_missed((0.0, 0.0, 10.0))
    assert mark is not None
    written = len(desk.journal.events("1.2.3"))
    assert not desk.reviewing.move_mark("f1", (4.0, 5.0, 20.0))
    assert not desk.reviewing.move_mark(mark.id, (500.0, 0.0, 0.0))
    assert desk.reviewing.move_mark(mark.id, (0.0, 0.0, 10.0))
    assert len(desk.journal.events("1.2.3")) == written
