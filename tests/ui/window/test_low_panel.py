"""The panel of Review in a low window: no button lies over another, whatever stands below the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QLabel, QLineEdit, QWidget

from tests.ui.acquired.hands import drag, place_in
from viewer.domain.geometry import PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


def measured(window: MainWindow, press: Callable[..., None], count: int) -> None:
    """Draw so many lengths in the axial view."""
    for n in range(count):
        press(window, Qt.Key.Key_L)
        start = place_in(window.canvas, ViewName.AXIAL, 0.3 + 0.02 * n, 0.4)
        drag(window.canvas, Qt.MouseButton.LeftButton, start, QPoint(60, 20))
        press(window, Qt.Key.Key_Escape)


def overlapping(panel: QWidget) -> list[tuple[str, str]]:
    """Return what can be used in a panel and lies over another, or beyond what holds it."""
    used = [w for kind in (QAbstractButton, QLineEdit) for w in panel.findChildren(kind) if w.isVisible()]
    boxes = {w: QRect(w.mapTo(panel, QPoint(0, 0)), w.size()) for w in used}
    names = {w: w.accessibleName() or getattr(w, "text", str)() or type(w).__name__ for w in used}
    found = [
        (names[a], names[b])
        for n, a in enumerate(used)
        for b in used[n + 1 :]
        if boxes[a].intersects(boxes[b]) and not a.isAncestorOf(b) and not b.isAncestorOf(a)
    ]
    cut = [(names[w], "its holder") for w in used if not w.parentWidget().rect().contains(w.geometry())]
    return found + cut


@pytest.mark.parametrize("height", [600, 672, 720, 800, 900])
def test_answers_comment_and_next_lie_apart_with_measurements_and_labels_below(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot, height: int
) -> None:
    opened.resize(1280, height)
    opened.show()
    first, *rest = opened.desk.session.findings
    opened.desk.session.findings = (evolve(first, label_key="another", label="Another"), *rest)
    press(opened, Qt.Key.Key_N)
    measured(opened, press, 6)
    panel = opened.review.panel
    qtbot.waitUntil(lambda: panel.measurements.isVisible() and panel.labels.isVisible())
    qtbot.waitUntil(lambda: not overlapping(panel))
    assert panel.list.height() >= 40


def test_measurements_fold_in_a_low_window_and_open_in_the_place_of_the_details(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.resize(1280, 672)
    opened.show()
    press(opened, Qt.Key.Key_N)
    measured(opened, press, 3)
    panel = opened.review.panel
    box = panel.measurements
    qtbot.waitUntil(lambda: box.isVisible() and not box.list.isVisible())
    assert panel.detail.isVisible()
    box.fold.click()
    qtbot.waitUntil(lambda: box.list.isVisible() and not panel.detail.isVisible())
    opened.resize(1280, 1000)
    qtbot.waitUntil(lambda: box.list.isVisible() and panel.detail.isVisible())


def test_measurements_have_the_room_that_findings_leave(opened: MainWindow, qtbot: QtBot) -> None:
    across = {"right": (1.0, 0.0, 0.0), "down": (0.0, 1.0, 0.0)}
    ends = ((0.0, 0.0, 42.0), (20.0, 0.0, 42.0))
    session = opened.desk.session
    for n in range(9):
        opened.desk.measuring.keep(Measurement(f"m{n}", MeasurementKind.LENGTH, ends, PlaneName.AXIAL, **across))
    opened.resize(1280, 1200)
    opened.show()
    panel, page = opened.review.panel, opened.inspect
    box = panel.measurements.list
    qtbot.waitUntil(lambda: box.height() >= 6 * 40 and box.height() % 40 == 0)
    assert panel.list.height() >= len(session.findings) * 72
    qtbot.waitUntil(lambda: not overlapping(panel))
    opened.resize(1280, 760)
    qtbot.waitUntil(lambda: not box.isVisible() and panel.list.height() >= 40)
    qtbot.waitUntil(lambda: not overlapping(panel))
    opened.resize(1280, 1200)
    session.findings = ()
    qtbot.waitUntil(lambda: box.height() == 9 * 40)
    session.workspace = Workspace.INSPECT
    qtbot.waitUntil(lambda: page.measurements.list.height() == 9 * 40)


def test_a_comment_can_be_typed_where_something_was_opened_in_the_place_of_the_details(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.resize(1280, 672)
    opened.show()
    press(opened, Qt.Key.Key_N)
    measured(opened, press, 1)
    panel = opened.review.panel
    qtbot.waitUntil(panel.measurements.fold.isVisible)
    panel.measurements.fold.click()
    qtbot.waitUntil(lambda: not panel.detail.isVisible())
    assert opened.actions_.run("review.edit")
    qtbot.waitUntil(lambda: panel.detail.isVisible() and panel.detail.comment.hasFocus())


def test_all_is_said_of_a_finding_in_a_high_window_and_its_measures_in_one_that_is_lower(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.resize(1280, 1000)
    opened.show()
    press(opened, Qt.Key.Key_N)
    detail = opened.review.panel.detail
    qtbot.waitUntil(lambda: shown_words(detail) >= {"Volume", "Mean ± SD", "Found by"})
    opened.resize(1280, 720)
    qtbot.waitUntil(lambda: "Found by" not in shown_words(detail))
    assert "Volume" in shown_words(detail)
    opened.resize(1280, 520)
    qtbot.waitUntil(lambda: "Volume" not in shown_words(detail))
    assert detail.comment.isVisible()


def shown_words(panel: QWidget) -> set[str]:
    """Return the words of all labels that can be seen."""
    return {label.text() for label in panel.findChildren(QLabel) if label.isVisible()}


def test_the_finding_in_hand_stays_in_sight_where_the_window_becomes_lower_unless_one_scrolled_away(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.resize(1280, 900)
    opened.show()
    for _ in opened.desk.session.findings:
        press(opened, Qt.Key.Key_N)
    rows = opened.review.panel.list
    rows.setCurrentIndex(rows.rows.index(rows.rows.rowCount() - 1))

    def in_sight() -> bool:
        return rows.viewport().rect().contains(rows.visualRect(rows.currentIndex()))

    opened.resize(1024, 600)
    qtbot.waitUntil(lambda: opened.height() == 600)
    qtbot.waitUntil(in_sight)
    rows.verticalScrollBar().triggerAction(QAbstractSlider.SliderAction.SliderToMinimum)
    assert not in_sight()
    opened.resize(1024, 610)
    qtbot.waitUntil(lambda: opened.height() == 610)
    QApplication.processEvents()
    assert not in_sight()


def test_a_line_below_the_words_over_the_findings_says_that_rows_go_on_above(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    opened.resize(1024, 600)
    opened.show()
    press(opened, Qt.Key.Key_N)
    panel = opened.review.panel
    bar = panel.list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)

    def lined() -> bool:
        image = panel.head.grab().toImage()
        return image.pixelColor(4, image.height() - 1) == opened.theme.colour("hairline")

    bar.setValue(0)
    assert not lined()
    bar.setValue(bar.maximum())
    assert lined()
