"""A program that was cut off on stage: the next start offers the same step, and Enter goes there.

`tests/journeys/test_killed_on_stage.py` kills the real one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame

from tests.cli.conftest import write_small_case
from tests.io.conftest import MadeCt
from tests.ui.window.scans.listed import JANE
from viewer.domain.geometry import PlaneName
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison, Layout, ViewName, as_point
from viewer.services.desk import build_desk
from viewer.services.linked_views import Links
from viewer.ui.deliver import Deliver
from viewer.ui.library.page_head import Page
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.view_state import ViewState


def place_file(home: Path) -> Path:
    return home / "data" / "presenting.json"


@pytest.fixture
def case_id(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a case that stands in the library, the only one."""
    folder = own_home / "data" / "cases" / "small"
    write_small_case(folder)
    monkeypatch.setattr("viewer.ui.library.library_page.case_folders", lambda: (own_home / "data" / "cases",))
    read: dict[str, str] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return read["id"]


@pytest.fixture
def start(qtbot: QtBot, own_home: Path, case_id: str) -> Iterator[Callable[[], MainWindow]]:
    """Return a function that starts the program's window anew."""
    delivers: list[Deliver] = []
    (own_home / "data").mkdir(parents=True, exist_ok=True)

    def act() -> MainWindow:
        deliver = Deliver()
        delivers.append(deliver)
        window = MainWindow(build_desk(deliver), Theme(), None)
        deliver.setParent(window)
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(1280, 720)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    yield act
    for deliver in delivers:
        deliver.stop()


def left_at(home: Path, case: str, step: int) -> None:
    place_file(home).parent.mkdir(parents=True, exist_ok=True)
    place_file(home).write_text(json.dumps({"case": case, "step": step}), encoding="utf-8")


def test_enter_goes_on_with_the_step_at_which_it_was_cut_off(
    start: Callable[[], MainWindow], own_home: Path, case_id: str, qtbot: QtBot
) -> None:
    left_at(own_home, case_id, 1)
    window = start()
    bar = window.go_on.bar
    assert bar is not None
    assert bar.isVisible()
    assert bar.sentence.startswith("Presenting was cut off. Go on with step 2 of “")
    # The line ends it: below it the page begins.
    (line,) = (frame for frame in bar.findChildren(QFrame) if frame.property("line"))
    assert line.geometry().bottom() == bar.rect().bottom()
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Return)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.step == 1 and not window.desk.opening.running, timeout=20_000)
    assert session.workspace is Workspace.PRESENT
    assert window.go_on.bar is None
    window.close()


def test_other_keys_go_to_the_library_and_esc_forgets(
    start: Callable[[], MainWindow], own_home: Path, case_id: str
) -> None:
    left_at(own_home, case_id, 1)
    window = start()
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Right)
    assert window.library.cases.grid.hasFocus()
    assert window.go_on.bar is not None
    window.go_on.bar.setFocus()
    QTest.keyClick(window.go_on.bar, Qt.Key.Key_Escape)
    assert window.go_on.bar is None
    assert not place_file(own_home).exists()
    window.close()


@pytest.mark.parametrize("said", ['{"case": "gone", "step": 1}', '{"case": 4}', "{", '{"case": "small", "step": 99}'])
def test_what_is_not_there_any_more_is_not_offered(start: Callable[[], MainWindow], own_home: Path, said: str) -> None:
    place_file(own_home).write_text(said, encoding="utf-8")
    window = start()
    assert window.go_on.bar is None
    window.close()


def test_who_leaves_the_stage_or_the_program_in_order_is_offered_nothing(
    start: Callable[[], MainWindow], own_home: Path, case_id: str, qtbot: QtBot
) -> None:
    window = start()
    assert window.library.shelf is not None
    window.open_case(window.library.shelf.named(case_id), 0)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.case is not None and not window.desk.opening.running, timeout=20_000)
    window.desk.player.next()
    assert json.loads(place_file(own_home).read_text(encoding="utf-8")) == {"case": case_id, "step": 1}
    window.leave_present()
    assert not place_file(own_home).exists()
    window.present_from(0)
    assert place_file(own_home).exists()
    window.close()
    assert not place_file(own_home).exists()


def test_a_second_program_neither_offers_nor_overwrites_what_the_first_presents(
    start: Callable[[], MainWindow], own_home: Path, case_id: str
) -> None:
    first = start()
    left_at(own_home, case_id, 1)
    second = start()
    assert second.go_on.bar is None
    second.close()
    assert place_file(own_home).exists()
    first.close()


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Return a folder with one small series."""
    made = MadeCt(tmp_path)
    for k in range(6):
        made.slice(
            f"ct/IM{k}",
            made.pixels(k),
            (-10, -20, 2.5 * k),
            SeriesDescription="Thorax JaneDoe",
            BodyPartExamined="CHEST",
            **JANE,
        )
    return tmp_path / "ct"


def look_at(window: MainWindow, series: Path, qtbot: QtBot) -> ViewState:
    """Open a series and look at it in a way of one's own; return the view."""
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: not window.desk.runner._jobs, timeout=20_000)
    view = window.desk.session.view
    assert view is not None
    cursor = as_point(np.add(view.cursor_lps_mm, (3.0, -2.0, 2.5)))
    view = evolve(view.windowed(-500.0, 1500.0), cursor_lps_mm=cursor, layout=Layout.STAGE, main=ViewName.CORONAL)
    window.desk.session.view = view
    return view


def test_what_was_open_is_offered_at_the_next_start_and_looked_at_as_it_was(
    start: Callable[[], MainWindow], series: Path, qtbot: QtBot
) -> None:
    first = start()
    look_at(first, series, qtbot)
    first.desk.session.workspace = Workspace.INSPECT
    left = first.desk.session.view
    assert left is not None
    first.close()
    window = start()
    bar = window.go_on.bar
    assert bar is not None
    # The library keeps the keys, and nobody is named to whoever looks on.
    assert not bar.hasFocus()
    assert bar.sentence.startswith("A scan was open in Inspect")
    bar.accepted.emit()
    session = window.desk.session
    qtbot.waitUntil(lambda: session.view == left and not window.desk.opening.running, timeout=20_000)
    assert session.workspace is Workspace.INSPECT
    assert window.go_on.bar is None
    window.close()


def test_enter_opens_the_marked_scan_at_the_next_start_as_its_button_says(
    start: Callable[[], MainWindow], series: Path, qtbot: QtBot
) -> None:
    first = start()
    look_at(first, series, qtbot)
    first.library.show_page(Page.SCANS)
    first.close()
    window = start()
    qtbot.waitUntil(lambda: window.library.scans.list.chosen is not None)
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Return)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.volume is not None and not window.desk.opening.running, timeout=20_000)
    assert session.workspace is Workspace.REVIEW
    window.close()


def test_what_is_looked_at_is_kept_while_working_so_that_a_killed_program_goes_on_there(
    start: Callable[[], MainWindow], series: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.library.go_on_here.KEPT_AFTER_MS", 50)
    window = start()
    left = look_at(window, series, qtbot)
    later = left.looking_at(as_point(np.add(left.cursor_lps_mm, (0.0, 0.0, 2.0))))
    for view in (left, later):
        window.desk.session.view = view
        qtbot.waitUntil(lambda view=view: (kept := window.desk.left_open.read()) is not None and kept.view == view)
    window.desk.session.workspace = Workspace.INSPECT
    qtbot.waitUntil(lambda: (kept := window.desk.left_open.read()) is not None and kept.workspace is Workspace.INSPECT)


def test_nothing_is_offered_once_it_was_declined_forgotten_or_nothing_was_open(
    start: Callable[[], MainWindow], series: Path, qtbot: QtBot
) -> None:
    first = start()
    look_at(first, series, qtbot)
    first.close()
    second = start()
    assert second.go_on.bar is not None
    second.go_on.bar.declined.emit()
    assert not second.desk.left_open.there
    look_at(second, series, qtbot)
    second.desk.library.forget(second.desk.library.places[0].id)
    qtbot.waitUntil(lambda: not second.desk.library.places)
    second.close()
    third = start()
    assert third.go_on.bar is None
    third.close()
    assert start().go_on.bar is None


def test_what_is_damaged_of_it_is_as_if_nothing_was_open(start: Callable[[], MainWindow], own_home: Path) -> None:
    for text in ("", "{}", '{"workspace": "review", "view": 1}'):
        (own_home / "data" / "left-open.json").write_text(text)
        window = start()
        assert window.go_on.bar is None
        assert not window.desk.left_open.there
        window.close()


def test_a_second_series_is_beside_it_again(start: Callable[[], MainWindow], series: Path, qtbot: QtBot) -> None:
    other = MadeCt(series.parent)
    for k in range(6):
        other.slice(f"prior/IM{k}", other.pixels(k), (-10, -20, 2.5 * k), series="7", SeriesDescription="Prior", **JANE)
    first = start()
    look_at(first, series, qtbot)
    first.desk.comparing.open(first.desk.library.finder_at(series.parent / "prior"))
    qtbot.waitUntil(lambda: first.desk.comparing.on and not first.desk.other.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: not first.desk.runner._jobs, timeout=20_000)
    first.desk.comparing.mode = Comparison.CURTAIN
    first.desk.comparing.aligning.shift(4.0, 0.0, PlaneName.AXIAL)
    words = first.desk.comparing.aligning.words
    first.close()
    window = start()
    assert window.go_on.bar is not None
    window.go_on.bar.accepted.emit()
    comparing = window.desk.comparing
    qtbot.waitUntil(lambda: comparing.mode is Comparison.CURTAIN, timeout=20_000)
    assert comparing.aligning.words == words != ""
    window.close()


@pytest.mark.parametrize("linked", [True, False])
def test_two_series_side_by_side_are_seen_again_as_they_were(
    start: Callable[[], MainWindow], series: Path, qtbot: QtBot, *, linked: bool
) -> None:
    other = MadeCt(series.parent)
    for k in range(6):
        other.slice(f"prior/IM{k}", other.pixels(k), (-10, -20, 2.5 * k), series="7", SeriesDescription="Prior", **JANE)
    first = start()
    look_at(first, series, qtbot)
    first.desk.comparing.open(first.desk.library.finder_at(series.parent / "prior"))
    qtbot.waitUntil(lambda: first.desk.comparing.on and not first.desk.other.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: not first.desk.runner._jobs, timeout=20_000)
    here, there = first.desk.session, first.desk.other.session
    assert here.view is not None
    # All planes of both, where side by side begins with one.
    here.view = evolve(here.view, layout=Layout.FOUR)
    if not linked:
        first.desk.comparing.links = Links(place=False, window=False)
        assert there.view is not None
        there.view = evolve(there.view.windowed(40.0, 80.0), cursor_lps_mm=as_point(np.add(here.view.cursor_lps_mm, 3)))
    left, left_there = here.view, there.view
    first.close()
    window = start()
    assert window.go_on.bar is not None
    window.go_on.bar.accepted.emit()
    desk = window.desk
    qtbot.waitUntil(lambda: desk.comparing.mode is Comparison.BESIDE and not desk.other.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: not desk.runner._jobs, timeout=20_000)
    assert desk.session.view == left
    assert desk.other.session.view == left_there
    assert desk.comparing.links == Links(place=linked, window=linked)
    window.close()


def test_a_case_that_was_only_presented_is_not_offered_and_one_that_was_read_is(
    start: Callable[[], MainWindow], case_id: str, qtbot: QtBot
) -> None:
    def present(window: MainWindow) -> None:
        assert window.library.shelf is not None
        (case,) = (case for case in window.library.shelf.cases if case.id == case_id)
        window.open_case(case)
        qtbot.waitUntil(lambda: window.desk.session.step == 0 and not window.desk.opening.running, timeout=20_000)

    first = start()
    present(first)
    first.leave_present()
    assert first.desk.session.workspace is Workspace.LIBRARY
    first.close()
    second = start()
    assert second.go_on.bar is None
    present(second)
    second.go(Workspace.REVIEW)
    second.go(Workspace.LIBRARY)
    second.close()
    third = start()
    assert third.go_on.bar is not None
    assert "was open in Review" in third.go_on.bar.sentence
    third.go_on.bar.accepted.emit()
    session = third.desk.session
    qtbot.waitUntil(lambda: session.case is not None and not third.desk.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: session.workspace is Workspace.REVIEW)
    third.close()


@pytest.mark.parametrize(("description", "called"), [("Liver", "“Liver”"), ("Liver JaneDoe", "A scan")])
def test_of_a_series_of_phases_the_offer_says_which_one_was_open_and_not_when_it_was_taken(
    start: Callable[[], MainWindow], tmp_path: Path, qtbot: QtBot, description: str, called: str
) -> None:
    made = MadeCt(tmp_path)
    for phase in (1, 2):
        for k in range(4):
            made.slice(
                f"both/{phase}{k}", made.pixels(k) + phase, (0, 0, 2.0 * k), series="7", SeriesDescription=description,
                TemporalPositionIdentifier=str(phase), AcquisitionTime=f"12310{phase}", **JANE,
            )  # fmt: skip
    first = start()
    first.open_paths([tmp_path / "both"])
    library = first.desk.library
    qtbot.waitUntil(lambda: bool(library.places) and not first.desk.runner._jobs, timeout=20_000)
    ids = first.library.scans.lines.series_ids
    library.open_series(ids[1], ids)
    qtbot.waitUntil(lambda: first.desk.session.volume is not None and not first.desk.opening.running, timeout=20_000)
    qtbot.waitUntil(lambda: not first.desk.runner._jobs, timeout=20_000)
    assert first.desk.session.volume is not None
    assert first.desk.session.volume.part.startswith("phase 2 of 2")
    first.close()
    window = start()
    assert window.go_on.bar is not None
    assert window.go_on.bar.sentence == f"{called}, phase 2 of 2, was open in Review. Go on there?"
    window.close()
