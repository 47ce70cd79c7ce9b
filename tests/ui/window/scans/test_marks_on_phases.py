"""A reader marks what a model missed on one phase of a series, goes to the other, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.ui.window.scans.listed import JANE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.io.conftest import MadeCt
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def two_phases(window: MainWindow, made: MadeCt, rest: Callable[[], None]) -> MainWindow:
    for phase in (1, 2):
        for k in range(4):
            made.slice(
                f"both/{phase}{k}", made.pixels(k) + phase, (0, 0, 2.0 * k), series="7",
                SeriesDescription="Liver", TemporalPositionIdentifier=str(phase), **JANE,
            )  # fmt: skip
    window.desk.settings.change(reader="Dr Example", reduce_motion=True)
    window.open_paths([made.folder])
    rest()
    ids = window.library.scans.lines.series_ids
    window.desk.library.open_series(ids[0], ids)
    rest()
    return window


def listed(window: MainWindow) -> tuple[list[str], str]:
    """Return what the list of findings shows, and how much of it is decided."""
    rows = window.review.panel.list.rows
    return [rows.row(n)[0].label for n in range(rows.rowCount())], window.review.panel.decided_words


def test_a_mark_stays_behind_with_its_phase_and_is_there_when_one_comes_back(
    two_phases: MainWindow, press: Callable[..., None], rest: Callable[[], None]
) -> None:
    window = two_phases
    press(window, Qt.Key.Key_M)
    (mark,) = window.desk.session.findings
    window.desk.reviewing.comment("Only seen here", finding_id=mark.id)
    first = window.desk.session.volume
    assert listed(window) == (["Marked by the reader"], "1 of 1 decided")
    press(window, Qt.Key.Key_PageDown)
    rest()
    other = window.desk.session.volume
    assert first is not None
    assert other is not None
    assert other.part != first.part
    assert listed(window) == ([], "")
    assert not [label.text() for label in window.review.findChildren(QLabel) if "earlier decision" in label.text()]
    assert not window.desk.reviewing.can_undo
    # A step that is made here would point at it.
    assert window.desk.session.view is not None
    assert window.desk.session.view.selected_finding is None
    press(window, Qt.Key.Key_PageUp)
    rest()
    assert listed(window) == (["Marked by the reader"], "1 of 1 decided")


def test_the_other_phase_beside_shows_no_mark_of_the_open_one_and_the_same_one_shows_it(
    two_phases: MainWindow, press: Callable[..., None], rest: Callable[[], None]
) -> None:
    window, library = two_phases, two_phases.desk.library
    press(window, Qt.Key.Key_M)
    (mark,) = window.desk.session.findings
    own, other = window.library.scans.lines.series_ids
    for series, seen in ((other, []), (own, [mark.id])):
        window.desk.comparing.open(library.finder(series))
        rest()
        assert [f.id for f in window.desk.other.session.findings] == seen
