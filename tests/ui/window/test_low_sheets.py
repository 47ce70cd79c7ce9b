"""Sheets that hold many lines, on low screens: nothing lies on anything else, and what it is about is read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from tests.ui.window.test_narrow import lying_on_each_other, sized
from viewer.domain.errors import FaceSignOffError, SignOffError
from viewer.io.rehearsal_file import Cue, Rehearsal, StepTime
from viewer.services.readiness import Looked, Readiness, State
from viewer.ui.leaving.ready_sheet import ReadySheet
from viewer.ui.making.contact_sheet import SignOffSheet
from viewer.ui.presenter.rehearsal_sheet import RehearsalSheet
from viewer.ui.widgets import KeyChip

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.sheet import Sheet

LOW = pytest.mark.parametrize(("width", "height"), [(640, 340), (640, 360), (853, 480), (1280, 700)])
SLOW = Looked("Step 4", "“A tumour in the right lobe” takes 9.1 s", State.SLOW, "Show fewer slices.", "step 4 is slow")


def whole(window: MainWindow, sheet: Sheet) -> None:
    for _ in range(3):
        QApplication.processEvents()
    assert window.rect().contains(sheet.card.geometry())
    assert lying_on_each_other(sheet) == []
    for button in sheet.findChildren(QAbstractButton):
        assert not button.isVisible() or button.width() >= button.sizeHint().width(), button.text()
    for label in sheet.findChildren(QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed, label.text()


@LOW
@pytest.mark.parametrize("state", [State.OK, State.SLOW])
def test_whether_the_computer_is_ready_is_read_on_a_low_screen(
    qtbot: QtBot, opened: MainWindow, case: Case, width: int, height: int, state: State
) -> None:
    sized(qtbot, opened, width, height)
    sheet = ReadySheet(opened, opened.theme)
    sheet.ask(case)
    whole(opened, sheet)
    sheet.say_progress(0.4, "Running Head bleed finder, part 1 of 12")
    whole(opened, sheet)
    steps = tuple(Looked(f"Step {n}", "looks like the picture that came with the case") for n in range(1, 13))
    sheet.tell(Readiness(case.title, steps if state is State.OK else (*steps, SLOW, SLOW, SLOW, SLOW)))
    whole(opened, sheet)
    if height < 400:
        last = next(label for label in sheet.findChildren(QLabel) if label.text() == "Step 12")
        assert last.visibleRegion().isEmpty()
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_End)
        assert not last.visibleRegion().isEmpty()


@pytest.mark.parametrize(("width", "height"), [(853, 480), (1280, 700), (1920, 1000), (3840, 2080)])
def test_what_was_looked_at_stands_below_the_verdict_line_by_line(
    qtbot: QtBot, opened: MainWindow, case: Case, width: int, height: int
) -> None:
    sized(qtbot, opened, width, height)
    sheet = ReadySheet(opened, opened.theme)
    sheet.ask(case)
    sheet.say_progress(0.4, "Running Head bleed finder, part 1 of 12")
    said = "“The easy ones are not the test” in 0.1 s; looks like the picture that came with the case"
    sheet.tell(Readiness(case.title, tuple(Looked(f"Step {n}", said) for n in range(1, 13))))
    for _ in range(3):
        QApplication.processEvents()
    lines = [label for label in sheet.findChildren(QLabel) if label.text() == said]
    tops = [sheet.about, *lines]
    places = [QRect(line.mapTo(sheet, QPoint(0, 0)), line.size()) for line in tops]
    assert len(lines) == 12
    assert all(0 <= below.top() - above.bottom() < 24 for above, below in pairwise(places))
    assert not lines[0].visibleRegion().isEmpty()


@LOW
@pytest.mark.parametrize("steps", [1, 12])
def test_what_a_rehearsal_took_is_read_on_a_low_screen(
    qtbot: QtBot, opened: MainWindow, case: Case, width: int, height: int, steps: int
) -> None:
    sized(qtbot, opened, width, height)
    first = case.steps[0]
    long = evolve(case, steps=tuple(evolve(first, id=f"s{n}", title=f"Step with a title {n}") for n in range(steps)))
    took = tuple(StepTime(step.id, 61.0) for step in long.steps)
    sheet = RehearsalSheet(opened, opened.theme)
    sheet.tell(long, Rehearsal(long.id, "2026-11-28T09:00:00", took, (Cue("s0", 12.0, "Slower"),)))
    sheet.say_pictures("The pictures of all steps are drawn anew.")
    whole(opened, sheet)


@LOW
@pytest.mark.parametrize("error", [SignOffError, FaceSignOffError])
def test_what_is_signed_off_is_read_on_a_low_screen(
    qtbot: QtBot, opened: MainWindow, head: Volume, width: int, height: int, error: type[SignOffError]
) -> None:
    sized(qtbot, opened, width, height)
    sheet = SignOffSheet(opened, opened.theme)
    why = "They are secondary captures.\nThey say that words are burned in."
    sheet.tell([head], error("Some images may show text, which may name the patient.", detail=why))
    whole(opened, sheet)


@pytest.mark.parametrize(("width", "height"), [(1280, 700), (1920, 1000)])
def test_a_head_that_is_signed_off_stands_in_the_middle_and_ends_where_the_words_do(
    qtbot: QtBot, opened: MainWindow, head: Volume, width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.making.contact_sheet.leaves_a_face", lambda _volume: True)
    sized(qtbot, opened, width, height)
    sheet = SignOffSheet(opened, opened.theme)
    sheet.tell([head], FaceSignOffError("A face can be made of these images."))
    qtbot.wait(20)
    images, tiles = sheet.images, sheet.images._tiles
    assert tiles.width() == images.viewport().width() == sheet.why.width()
    left, right = tiles.place(0).left(), tiles.width() - 1 - tiles.place(1).right()
    assert abs(left - right) <= 1


@pytest.mark.parametrize(("width", "height"), [(640, 340), (853, 480), (1280, 700), (1920, 1000)])
@pytest.mark.parametrize("error", [SignOffError, FaceSignOffError])
def test_every_image_that_is_signed_off_can_be_seen_before_anybody_says_so(
    qtbot: QtBot, opened: MainWindow, head: Volume, width: int, height: int, error: type[SignOffError]
) -> None:
    sized(qtbot, opened, width, height)
    sheet = SignOffSheet(opened, opened.theme)
    sheet.tell([head], error("Some images may show text.", detail="They are secondary captures."))
    qtbot.wait(20)
    images, tiles = sheet.images, sheet.images._tiles
    assert not sheet.looked.isEnabled()
    seen = set()
    for _ in range(400):
        in_sight = tiles.visibleRegion().boundingRect()
        seen |= {n for n in range(len(tiles._tiles)) if in_sight.intersects(tiles.place(n))}
        assert all(tiles.place(n).right() < images.viewport().width() for n in range(len(tiles._tiles)))
        if sheet.looked.isEnabled():
            break
        QTest.keyClick(images, Qt.Key.Key_PageDown)
    assert len(seen) == len(tiles._tiles)
    assert sheet.looked.isEnabled()


@pytest.mark.parametrize("width", [640, 853, 1024, 1280])
def test_every_key_is_read_beside_its_command_at_any_size_of_the_text(
    qtbot: QtBot, opened: MainWindow, width: int
) -> None:
    sized(qtbot, opened, width, 600)
    opened.asking.keys()
    sheet = opened.asking.keys_sheet
    QApplication.processEvents()
    chips = [chip for chip in sheet.findChildren(KeyChip) if chip.isVisible()]
    assert len(chips) > 40
    for chip in chips:
        right = chip.mapTo(sheet.card, chip.rect().topRight()).x()
        assert right < sheet.card.width() - 24, chip._key


def test_all_settings_are_seen_at_once_at_125_per_cent_and_keep_clear_of_the_bar_where_they_scroll(
    qtbot: QtBot, opened: MainWindow
) -> None:
    sized(qtbot, opened, 1024, 576)
    opened.asking.settings()
    sheet = opened.asking.settings_sheet
    QApplication.processEvents()
    bar = sheet._tall.verticalScrollBar()
    assert not bar.isVisible()
    sheet.dismiss()
    sized(qtbot, opened, 853, 480)
    opened.asking.settings()
    QApplication.processEvents()
    assert bar.isVisible()
    beside = bar.mapTo(sheet, QPoint(0, 0)).x()
    assert sheet.reader.mapTo(sheet, sheet.reader.rect().topRight()).x() < beside - 2
