"""The library: cases to choose from, folders to open, and what cannot be opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

import pytest
from attrs import evolve
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.io.case_document import write_case
from viewer.services.cases import CaseShelf, ShelfReading
from viewer.ui.drop_frame import DropFrame
from viewer.ui.library.card_grid import columns_for
from viewer.ui.library.case_card import duration_words
from viewer.ui.library.cases_page import CasesPage
from viewer.ui.library.page_head import Page
from viewer.ui.status_bar import facts_words
from viewer.ui.window_place import SMALLEST_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.theme import Theme


@pytest.fixture
def library(window: MainWindow, case: Case, own_home: Path) -> MainWindow:
    """Return the window with three cases on the shelf, one of which cannot be read and one lacks its pictures."""
    cases = own_home / "data" / "cases"
    chest = evolve(case, id="chest", title="Nodules", summary="One was missed.", body_part="CHEST")
    for made, pictures in ((case, True), (chest, False)):
        folder = cases / made.id
        folder.mkdir(parents=True)
        write_case(folder, evolve(made, folder=str(folder)))
        if pictures:
            (folder / "dicom").mkdir()
    (cases / "broken").mkdir()
    (cases / "broken" / "case.json").write_text('{"format": "casestage case", "version": 99}')
    window.library.refresh()
    window.library.show_page(Page.CASES)
    return window


def titles(window: MainWindow) -> list[str]:
    return [case.title for case in window.library.cases.grid.shown_cases]


def test_cases_show_how_long_they_are_and_whether_they_are_ready(library: MainWindow) -> None:
    grid = library.library.cases.grid
    assert sorted(titles(library)) == ["A small head", "Nodules"]
    ready, missing = grid.card("small-head"), grid.card("chest")
    assert ready is not None
    assert missing is not None
    assert ready.state == "Ready"
    assert missing.state == "Pictures are missing"
    assert duration_words(ready.case.duration_s) == "2 min"


def test_whoever_comes_back_reads_what_holds_of_a_case_by_now(library: MainWindow, own_home: Path) -> None:
    library.show()
    session, grid = library.desk.session, library.library.cases.grid
    grid.pick(1)
    picked = grid.selected
    session.workspace = Workspace.REVIEW
    (own_home / "data" / "cases" / "chest" / "dicom").mkdir()
    session.workspace = Workspace.LIBRARY
    made = grid.card("chest")
    assert made is not None
    assert made.state == "Ready"
    assert grid.selected == picked


def test_a_case_that_cannot_be_read_is_told_and_explained(library: MainWindow) -> None:
    assert library.library.cases.problem_words == "1 case cannot be shown"
    library.library.cases.problems_wanted.emit()
    assert library.details.is_open


def test_tab_goes_from_the_cases_to_what_the_picked_one_offers(library: MainWindow, press: Callable[..., None]) -> None:
    grid = library.library.cases.grid
    grid.setFocus()
    press(library, Qt.Key.Key_Home)
    press(library, Qt.Key.Key_Right)
    assert grid.selected is not None
    card = grid.card(grid.selected.id)
    for _ in range(2):
        press(library, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.parent() is card, focused


def test_arrows_pick_and_enter_presents_only_what_is_ready(
    library: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    presented: list[str] = []
    monkeypatch.setattr(library.desk.opening, "open_case", lambda case, *_: presented.append(case.id))
    grid = library.library.cases.grid
    press(library, Qt.Key.Key_Home)
    assert grid.selected is not None
    assert grid.selected.id == "chest"
    press(library, Qt.Key.Key_Return)
    assert presented == []
    press(library, Qt.Key.Key_Right)
    press(library, Qt.Key.Key_Return)
    assert presented == ["small-head"]
    assert library.stage.preparing == "A small head"


def test_leaving_while_a_case_is_prepared_comes_back_to_the_library(
    library: MainWindow, case: Case, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.desk.opening, "open_case", lambda *_: None)
    library.open_case(case)
    press(library, Qt.Key.Key_Escape)
    assert library.desk.session.workspace is Workspace.LIBRARY
    assert library.stage.preparing == ""


def test_search_looks_into_what_is_said_and_says_when_nothing_fits(library: MainWindow) -> None:
    cases = library.library.cases
    cases.search.setText("missed")
    assert titles(library) == ["Nodules"]
    cases.search.setText("blood left")
    assert sorted(titles(library)) == ["A small head", "Nodules"]
    cases.search.setText("kidney")
    assert titles(library) == []
    assert not cases._none.isHidden()


def test_the_search_field_keeps_all_letters_to_itself(library: MainWindow, press: Callable[..., None]) -> None:
    press(library, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    for key in (Qt.Key.Key_N, Qt.Key.Key_1):
        press(library, key)
    assert library.library.cases.search.text() == "n1"


@pytest.mark.parametrize(("width", "columns"), [(1824, 4), (1184, 3), (2464, 5), (300, 1)])
def test_as_many_cards_beside_each_other_as_the_screen_takes(width: int, columns: int) -> None:
    assert columns_for(width) == columns


def test_what_is_dropped_onto_the_window_is_opened_all_of_it(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(window.desk.library, "open", lambda paths: asked.append(list(paths)))
    mime = QMimeData()
    window.show()
    window.go(Workspace.REVIEW)
    (frame,) = window.findChildren(DropFrame)
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl.fromLocalFile(str(tmp_path / "scan.nii.gz"))])
    none = Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert frame.isVisible()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not frame.isVisible()
    QApplication.sendEvent(window, enter)
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))
    assert asked == [[tmp_path, tmp_path / "scan.nii.gz"]]
    assert not frame.isVisible()


def test_what_is_dropped_on_the_stage_waits_until_it_is_left(
    opened: MainWindow, tmp_path: Path, press: Callable[..., None], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(opened.desk.library, "open", lambda paths: asked.append(list(paths)))
    opened.present_from(0)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "Smith John"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    (frame,) = opened.findChildren(DropFrame)
    QApplication.sendEvent(opened, QDragEnterEvent(QPoint(5, 5), copy, mime, left, none))
    assert not frame.isVisible()
    QApplication.sendEvent(opened, QDropEvent(QPointF(5, 5), copy, mime, left, none))
    qtbot.wait(10)
    assert opened.desk.session.workspace is Workspace.PRESENT
    assert asked == []
    assert not opened.messages.isVisible()
    assert "Dropped · open it after Esc" in opened.stage.bar.words
    assert "Smith" not in opened.stage.bar.words
    press(opened, Qt.Key.Key_Escape)
    assert opened.messages.isVisible()
    opened.messages.act()
    assert asked == [[tmp_path / "Smith John"]]
    assert opened.messages.message is None


def test_dropped_names_are_taken_by_their_bytes_whatever_their_encoding(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(window.desk.library, "open", lambda paths: asked.append(list(paths)))
    names = [b"f\xe4lder", "fälder 100%25 #1?".encode()]
    mime = QMimeData()
    lines = [b"file://" + os.fsencode(tmp_path) + b"/" + quote_from_bytes(name).encode() for name in names]
    mime.setData("text/uri-list", b"\r\n".join(lines))
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(5, 5), copy, mime, left, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, mime, left, none))
    assert asked == [[tmp_path / os.fsdecode(name) for name in names]]


@pytest.mark.skipif(os.name != "posix", reason="Windows names other computers in paths")
def test_files_of_another_computer_are_not_looked_for_on_this_one(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(window.desk.library, "open", lambda paths: asked.append(list(paths)))
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    taken = []
    for host in ("elsewhere", "", "localhost", os.uname().nodename):
        mime = QMimeData()
        mime.setData("text/uri-list", f"file://{host}{tmp_path}\r\nhttp://example.org/ct.zip\r\n".encode())
        enter = QDragEnterEvent(QPoint(5, 5), copy, mime, left, none)
        QApplication.sendEvent(window, enter)
        taken.append(enter.isAccepted())
        QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, mime, left, none))
    assert taken == [False, True, True, True]
    assert asked == [[tmp_path]] * 3


def test_what_is_dropped_onto_the_window_stays_where_it_lies(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(window.desk.library, "open", lambda paths: asked.append(list(paths)))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    none, left, move = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.MoveAction

    def dragged(possible: Qt.DropAction) -> list[Qt.DropAction | None]:
        events = [
            QDragEnterEvent(QPoint(5, 5), possible, mime, left, none),
            QDragMoveEvent(QPoint(6, 6), possible, mime, left, none),
            QDropEvent(QPointF(6, 6), possible, mime, left, none),
        ]
        for event in events:
            # File managers propose to move what is dragged within one disk.
            event.setDropAction(move)
            QApplication.sendEvent(window, event)
        return [event.dropAction() if event.isAccepted() else None for event in events]

    copy = Qt.DropAction.CopyAction
    assert dragged(copy | move | Qt.DropAction.LinkAction) == [copy] * 3
    assert dragged(Qt.DropAction.LinkAction | move) == [Qt.DropAction.LinkAction] * 3
    assert asked == [[tmp_path]] * 2
    assert dragged(move) == [None] * 3
    assert len(asked) == 2


def test_a_folder_without_images_is_refused_in_a_sentence(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "letter.txt").write_text("no image")
    window.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.messages.message is not None, timeout=10_000)
    message = window.messages.message
    assert message is not None
    assert message.sentence
    assert not message.calm
    assert "Traceback" not in message.report
    assert window.desk.session.workspace is Workspace.LIBRARY


def test_a_real_series_opens_at_once_and_shows_its_facts(window: MainWindow, real_data: Path, qtbot: QtBot) -> None:
    window.open_paths([real_data / "a13_abdomen_contrast_CRLM-1004"])
    session = window.desk.session
    qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=30_000)
    assert session.volume is not None
    assert facts_words(session.volume) == "41 images · 0.80 × 0.80 × 5.00 mm"
    assert window.top.badges == ("Geometry ok",)
    assert window.status.banner.words.text() == "Not for diagnostic use"
    assert window.windowTitle().endswith(" – CaseStage")


@pytest.fixture
def nine_cases(case: Case, own_home: Path, request: pytest.FixtureRequest) -> MainWindow:
    for n in range(9):
        folder = own_home / "data" / "cases" / f"case-{n}"
        folder.mkdir(parents=True)
        write_case(folder, evolve(case, id=f"case-{n}", folder=str(folder)))
    found: MainWindow = request.getfixturevalue("window")
    return found


def test_a_library_of_many_cases_begins_at_its_top(nine_cases: MainWindow, qtbot: QtBot) -> None:
    qtbot.wait(50)
    assert len(titles(nine_cases)) == 9
    assert nine_cases.library.cases.scrolled_px == 0


def tabbed_through(window: MainWindow) -> list[QWidget]:
    """Return what has the focus after each press of Tab, once round."""
    seen: list[QWidget] = []
    while len(seen) < 60:
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None or now in seen:
            break
        seen.append(now)
    return seen


def test_tab_goes_through_the_head_of_the_library_from_left_to_right(library: MainWindow, qtbot: QtBot) -> None:
    library.resize(1600, 900)
    qtbot.wait(50)
    head = library.library.cases.head
    library.top.setFocus()
    seen = [widget for widget in tabbed_through(library) if head.parentWidget().isAncestorOf(widget)]
    in_head = [w.mapTo(library, QPoint(0, 0)).x() for w in seen if w.mapTo(library, QPoint(0, 0)).y() < 160]
    first = in_head.index(min(in_head))
    assert len(in_head) > 4
    assert in_head[first:] + in_head[:first] == sorted(in_head)


def test_tab_to_cards_that_were_scrolled_away_shows_the_one_that_is_picked(
    nine_cases: MainWindow, qtbot: QtBot
) -> None:
    nine_cases.resize(1280, 720)
    qtbot.wait(50)
    cases = nine_cases.library.cases
    cases.search.setFocus(Qt.FocusReason.OtherFocusReason)
    cases.grid.reveal.emit(cases.grid.drop)
    assert cases.scrolled_px > 0
    cases.grid.setFocus(Qt.FocusReason.TabFocusReason)
    assert cases.scrolled_px == 0


def test_of_many_cases_the_first_come_at_once_and_the_others_while_the_window_goes_on(
    window: MainWindow, case: Case, own_home: Path, qtbot: QtBot
) -> None:
    library, said = window.library, list[str]()
    library.show_page(Page.CASES)
    cases = own_home / "data" / "cases"
    for number in range(150):
        folder = cases / f"case-{number:03d}"
        (folder / "dicom").mkdir(parents=True)
        write_case(folder, evolve(case, id=f"case-{number:03d}", title=f"Case {number}", folder=str(folder)))
    library.told.connect(said.append)
    with pytest.MonkeyPatch.context() as patch:
        # As on a slow disk: ten cases a turn.
        patch.setattr(ShelfReading, "go_on", lambda reading, _until: read_ten(reading))
        library.fill()
        assert len(titles(window)) == 10
        assert library.filling
        card = library.cases.grid.card("case-000")
        library.cases.grid.pick(3)
        qtbot.waitUntil(lambda: not library.filling)
    assert titles(window) == [f"Case {number}" for number in range(150)]
    # What came first stays as it is, and picked.
    assert library.cases.grid.card("case-000") is card
    assert library.cases.grid.selected is not None
    assert library.cases.grid.selected.title == "Case 3"
    assert said[0].startswith("Reading the cases on this computer, ")
    assert said[-1] == "150 cases on this computer"


def read_ten(reading: ShelfReading) -> None:
    most = reading.done + 10
    while reading.going_on and reading.done < most:
        reading.going_on = next(reading._reading, False)


def test_before_any_case_is_read_the_library_says_that_it_reads(theme: Theme) -> None:
    page = CasesPage(theme)
    assert page.empty_words == "Reading the cases on this computer…"
    page.show_shelf(CaseShelf((), ()), {}, more=True)
    assert page.empty_words == "Reading the cases on this computer…"
    page.show_shelf(CaseShelf((), ()), {})
    assert page.empty_words.startswith("No case is installed yet.")


def test_a_picture_is_read_when_its_card_is_seen(
    window: MainWindow, case: Case, own_home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = own_home / "data" / "cases"
    for number in range(60):
        folder = cases / f"case-{number:02d}"
        (folder / "dicom").mkdir(parents=True)
        image = QImage(30, 20, QImage.Format.Format_RGB32)
        image.fill(QColor(200, number, 0))
        image.save(str(folder / "thumbnail.png"))
        made = evolve(case, id=folder.name, folder=str(folder), thumbnail_path="thumbnail.png")
        write_case(folder, made)
    pictures = window.library.cases.grid._pictures
    # The time of one picture a turn: each waits for its own.
    monkeypatch.setattr("viewer.ui.library.card_pictures.AT_ONCE_S", 1e-9)
    window.library.refresh()
    window.library.show_page(Page.CASES)
    first = window.library.cases.grid.card("case-00")
    assert first is not None

    def middle() -> int:
        return first.grab().toImage().pixelColor(first.width() // 2, 60).red()

    qtbot.waitUntil(lambda: middle() == 200)
    qtbot.waitUntil(lambda: len(pictures._kept) >= 4)
    qtbot.wait(50)
    assert len(pictures._kept) < 30


@pytest.mark.parametrize("size", [(640, 360), (853, 480), (1280, 720)])
def test_the_picked_card_is_seen_whole_on_a_low_screen_and_else_from_its_top(
    size: tuple[int, int], case: Case, own_home: Path, qtbot: QtBot, request: pytest.FixtureRequest
) -> None:
    for n in range(5):
        folder = own_home / "data" / "cases" / f"case-{n}"
        folder.mkdir(parents=True)
        write_case(folder, evolve(case, id=f"case-{n}", folder=str(folder)))
    window: MainWindow = request.getfixturevalue("window")
    qtbot.waitUntil(lambda: len(titles(window)) == 5)
    window.setMinimumSize(*SMALLEST_SIZE)
    window.resize(*size)
    qtbot.waitUntil(lambda: window.height() == size[1])
    QApplication.processEvents()
    page = window.library.cases
    grid = page.grid
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_5, Qt.Key.Key_1):
        QTest.keyClick(grid, key)
        assert grid.selected is not None
        card = grid.card(grid.selected.id)
        assert card is not None
        assert card.visibleRegion().boundingRect() == card.rect()
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid.drop.visibleRegion().boundingRect().top() == 0


def test_whoever_comes_from_a_case_finds_its_card_picked(library: MainWindow) -> None:
    grid = library.library.cases.grid
    first, second = grid.shown_cases[:2]
    assert grid.selected == first
    library.desk.session.case = second
    library.go(Workspace.REVIEW)
    library.go(Workspace.LIBRARY)
    assert grid.selected == second
    grid.pick(0)
    library.go(Workspace.REVIEW)
    library.go(Workspace.LIBRARY)
    assert grid.selected == first
