"""The bar above two compared series says whole what must not be misread, however little room there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from viewer.domain.alignment import Alignment
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.domain.volume import PatientIdentity, Volume
from viewer.domain.walkthrough import Prior
from viewer.services.loading import LoadedPrior
from viewer.services.views import view_of_volume
from viewer.ui.window_place import SMALLEST_SIZE

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.compare.compare_bar import CompareBar
    from viewer.ui.main_window import MainWindow

# Where both sides are of other days, and what is below is the whole of what tells them apart.
DAYS = ("A  1994-11-22", "B  1994-12-06")


def dated(volume: Volume, uid: str, patient: str, date: str, number: int) -> Volume:
    identity = PatientIdentity(name="DOE^JANE", patient_id=patient, study_date=date)
    series = evolve(
        volume.series,
        series_uid=uid,
        identity=identity,
        number=number,
        description="Thorax and abdomen, portal venous",
        frame_of_reference_uid="",
    )
    return Volume(series, volume.voxels, volume.stack, volume.voxels, volume.grid)


def show_two(window: MainWindow, head: Volume, *, patients: tuple[str, str]) -> CompareBar:
    here, there = window.desk.session, window.desk.other.session
    window.go(Workspace.REVIEW)
    here.case = None
    here.view, here.volume = None, dated(head, "1.2.3.21", patients[0], "19941122", 4)
    here.view = view_of_volume(here.volume)
    there.volume = dated(head, "1.2.3.22", patients[1], "19941206", 5)
    there.view = view_of_volume(there.volume)
    assert window.compare.bar is not None
    return window.compare.bar


def sized(qtbot: QtBot, window: MainWindow, width: int, height: int, *, panels: bool) -> None:
    window.setMinimumSize(*SMALLEST_SIZE)
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.width() == width)
    if window.panels.shown is not panels:
        window.panels.switch()
    qtbot.wait(30)


def read(bar: CompareBar) -> set[str]:
    """Return the words of the bar, as far as they are painted whole; the width of each is measured in its font."""
    found = set()
    for label in bar.findChildren(QLabel):
        room = label.contentsRect().width()
        if label.isVisible() and label.fontMetrics().horizontalAdvance(label.text()) <= room:
            found.add(label.text())
    return found


def overlapping(bar: CompareBar) -> list[str]:
    places = [
        (widget, QRect(widget.mapTo(bar, QPoint(0, 0)), widget.size()))
        for widget in (*bar.findChildren(QAbstractButton), *bar.findChildren(QLabel))
        if widget.isVisible()
    ]
    return [
        f"{one.accessibleName()} {other.accessibleName()}"
        for n, (one, here) in enumerate(places)
        for other, there in places[n + 1 :]
        if here.intersects(there)
    ] + [widget.accessibleName() for widget, place in places if not bar.rect().contains(place)]


@pytest.mark.parametrize(
    ("width", "height", "panels"),
    [(960, 600, True), (960, 600, False), (640, 360, False), (640, 360, True), (1280, 720, True), (1920, 1080, True)],
)
def test_two_patients_and_both_dates_are_read_whole_at_any_size(
    opened: MainWindow, head: Volume, qtbot: QtBot, width: int, height: int, panels: bool
) -> None:
    bar = show_two(opened, head, patients=("4711", "0815"))
    sized(qtbot, opened, width, height, panels=panels)
    words = read(bar)
    assert any(said.startswith("Two patients") for said in words), words
    for day in DAYS:
        assert any(said.startswith(day) for said in words), words
    assert not overlapping(bar)


def test_in_one_row_the_buttons_stand_in_the_middle_of_the_bar(opened: MainWindow, head: Volume, qtbot: QtBot) -> None:
    bar = show_two(opened, head, patients=("4711", "0815"))
    sized(qtbot, opened, 1920, 1080, panels=True)
    buttons = [button for button in bar.findChildren(QAbstractButton) if button.isVisible()]
    middles = [button.mapTo(bar, button.rect().center()).y() for button in buttons]
    assert all(abs(middle - bar.height() / 2) <= 2 for middle in middles)


def test_what_the_bar_has_no_room_for_is_in_its_last_button_but_one(
    opened: MainWindow, head: Volume, qtbot: QtBot
) -> None:
    bar = show_two(opened, head, patients=("4711", "0815"))
    for width, height, panels in ((1920, 1080, True), (960, 600, True), (640, 360, True)):
        sized(qtbot, opened, width, height, panels=panels)
        seen = {button.accessibleName() or button.text() for button in bar.findChildren(QAbstractButton)
                if button.isVisible()}  # fmt: skip
        offered = {opened.actions_[entry].text() for entry in bar._entries_gone() if isinstance(entry, str)}
        for name in ("compare.link_place", "compare.link_window", "compare.align"):
            assert opened.actions_[name].text() in seen | offered
        assert ("More: what has no room in this bar" in seen) is bool(offered)
    assert "Side by side" in offered


def test_buttons_stay_where_they_are_when_the_two_are_lined_up_or_let_go(
    opened: MainWindow, head: Volume, qtbot: QtBot
) -> None:
    bar = show_two(opened, head, patients=("4711", "4711"))
    sized(qtbot, opened, 960, 600, panels=True)

    def places() -> list[QPoint]:
        QApplication.processEvents()
        return [button.mapTo(bar, QPoint(0, 0)) for button in bar.findChildren(QAbstractButton) if button.isVisible()]

    before = places()
    opened.actions_.run("compare.link_place")
    assert "Not linked" in read(bar)
    assert places() == before
    opened.actions_.run("compare.link_place")
    opened.desk.comparing.aligning.alignment = Alignment(shift_mm=(0.0, 5.0, 0.0))
    assert "By hand" in read(bar)
    assert places() == before


def test_what_was_moved_has_the_name_that_the_story_gives_it(
    opened: MainWindow, head: Volume, case: Case, qtbot: QtBot
) -> None:
    earlier = dated(head, "1.2.3.23", "4711", "19931122", 4)
    opened.desk.comparing.bring(LoadedPrior(earlier, (), Alignment()))
    opened.desk.session.case = evolve(case, prior=Prior("prior", "1.2.3.23", "", title="A year before"))
    opened.go(Workspace.REVIEW)
    opened.desk.comparing.mode = Comparison.BESIDE
    opened.desk.comparing.aligning.alignment = Alignment(shift_mm=(0.0, 5.0, 0.0))
    sized(qtbot, opened, 1920, 1080, panels=True)
    bar = opened.compare.bar
    assert bar is not None
    assert bar.names == ("Now", "A year before")
    assert "“A year before” moved 5.0 mm" in bar.said
    opened.status.show_pointer(35.0, (0.0, 0.0, 0.0), of=earlier, second=True)
    assert opened.status._value.text().startswith("A year before  35")
