"""Somebody who tells a case on stage, and somebody who looks: what journeys through the bundled cases are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.io.case_document import read_case
from viewer.io.shipped import shipped
from viewer.services.desk import build_desk
from viewer.ui.deliver import Deliver
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import Theme, apply_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case

STAGE = QSize(1280, 720)


def bundled(*, with_pictures: bool) -> list[str]:
    """Return the bundled cases that come with their pictures, or those whose pictures are made at first use."""
    folders = sorted(path.parent for path in shipped("demo_cases").glob("*/case.json"))
    return [folder.name for folder in folders if (folder / "dicom").is_dir() == with_pictures]


def still_case(name: str) -> Case:
    """Return a bundled case whose steps neither ask nor move by themselves: each is what it comes to."""
    case = read_case(shipped("demo_cases") / name)
    return evolve(case, steps=tuple(evolve(step, question=None, sweep=None, curtain=None) for step in case.steps))


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    """Return the window with the bundled cases, without 3D."""
    theme = Theme()
    apply_theme(qapp, theme)
    deliver = Deliver()
    made = MainWindow(build_desk(deliver), theme, None)
    deliver.setParent(made)
    qtbot.addWidget(made)
    made.desk.settings.change(reduce_motion=True)
    made.setWindowState(Qt.WindowState.WindowNoState)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    deliver.stop()


class Audience:
    """Somebody who looks at the stage."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self._qtbot = window, qtbot

    def picture(self) -> NDArray[np.uint8]:
        """Return what is on the stage [row, column, channel] once nothing of it changes any more."""
        last = self._grab()
        for _ in range(60):
            self._qtbot.wait(30)
            now = self._grab()
            if np.array_equal(now, last):
                return now
            last = now
        raise AssertionError("the stage does not come to rest")

    def _grab(self) -> NDArray[np.uint8]:
        image = self.window.stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


class Presenter:
    """Somebody with a clicker and a mouse."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def press(self, key: Qt.Key) -> None:
        """Press a key where the keys go."""
        QTest.keyClick(QApplication.focusWidget() or self._window, key)

    def scroll_away(self) -> None:
        """Turn the wheel by two notches over the largest plane."""
        canvas = self._window.canvas
        at = QPointF(canvas.width() * 0.4, canvas.height() * 0.5)
        for _ in range(2):
            event = QWheelEvent(
                at,
                canvas.mapToGlobal(at),
                QPoint(),
                QPoint(0, -120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,  # noqa: FBT003 (inverted; by keyword PySide does not take it)
            )
            QApplication.sendEvent(canvas, event)


def open_case(window: MainWindow, case: Case, qtbot: QtBot) -> None:
    """Present a case, and wait until it is on stage; making pictures at first use takes a while."""
    window.open_case(case)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.case is not None and not window.stage.preparing, timeout=180_000)


def tell(
    window: MainWindow, case: Case, qtbot: QtBot, at_step: Callable[[int], None] = lambda _number: None
) -> list[NDArray[np.uint8]]:
    """Go through a case that is on stage: forwards, wandering at each step, and backwards; return what was seen.

    `at_step` is called at each step on the way forwards, and again once the audience wandered off it (with its number
    from −1 down), for what else there is to look at.
    """
    audience, presenter = Audience(window, qtbot), Presenter(window)
    player = window.desk.player
    seen: list[NDArray[np.uint8]] = []
    for number, step in enumerate(case.steps):
        assert player.index == number
        seen.append(audience.picture())
        assert step.title in window.stage.card.words
        assert "Not for diagnostic use" in window.stage.bar.words
        at_step(number)
        presenter.scroll_away()
        if player.exploring:
            assert not np.array_equal(audience.picture(), seen[-1]), f"step {number + 1} shows nothing of the wheel"
            at_step(-1 - number)
            presenter.press(Qt.Key.Key_Return)
        assert np.array_equal(audience.picture(), seen[-1]), f"step {number + 1} looks different after coming back"
        presenter.press(Qt.Key.Key_PageDown)
    for number in range(len(case.steps) - 1, 0, -1):
        presenter.press(Qt.Key.Key_PageUp)
        assert player.index == number - 1
        assert np.array_equal(audience.picture(), seen[number - 1]), f"step {number} looks different on the way back"
    assert all(not np.array_equal(a, b) for a, b in zip(seen, seen[1:], strict=False)), "two steps look the same"
    return seen
