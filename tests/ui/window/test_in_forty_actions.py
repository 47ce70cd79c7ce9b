"""From a folder of DICOM to a rehearsed case of five steps as a new user would, counting what hands do.

An action is a press of a key or of several keys together, a click, or what is typed into one field without a pause:
a person who types a sentence does one thing. Waiting counts nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLineEdit, QWidget

from viewer.domain.identifiers import uid_from
from viewer.domain.session import Workspace
from viewer.io.case_document import read_case
from viewer.io.synthetic_dicom import write_ct_series
from viewer.ui.program_run import ProgramRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MOST = 40
README = Path(__file__).resolve().parents[3] / "README.md"


class Hands:
    """What a person does to the window, counted and noted."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self._qtbot = window, qtbot
        self.done: list[str] = []

    @property
    def count(self) -> int:
        """How many actions it took so far."""
        return len(self.done)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key, where the keys go."""
        self.done.append(f"key {modifiers.name} {key.name}")
        QTest.keyClick(self._with_keys(), key, modifiers)
        self._qtbot.wait(5)

    def type(self, text: str) -> None:
        """Type into the field that has the keys."""
        self.done.append(f"type {text}")
        QTest.keyClicks(self._with_keys(), text)
        self._qtbot.wait(5)

    def _with_keys(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click something that is seen and can be clicked."""
        assert widget.isVisible()
        assert widget.isEnabled()
        name = widget.accessibleName() or type(widget).__name__
        self.done.append(f"click {widget.text() if isinstance(widget, QAbstractButton) else name}")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())
        self._qtbot.wait(5)

    def press(self, words: str) -> None:
        """Click the button that says, or whose tip begins with, some words."""

        def found() -> list[QAbstractButton]:
            return [
                button
                for button in self.window.findChildren(QAbstractButton)
                if button.isVisible() and (button.text() == words or button.toolTip().startswith(words))
            ]

        self._qtbot.waitUntil(lambda: bool(found()), timeout=90_000)
        self.click(found()[0])

    def open_folder(self, folder: Path) -> None:
        """Choose a folder in the dialog that asks for one, and wait until all of it is there."""

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            assert isinstance(dialog, QFileDialog)
            field = dialog.findChild(QLineEdit)
            assert field is not None
            self.done += [f"type {folder}", "key Return"]
            QTest.keyClicks(field, str(folder))
            QTest.keyClick(field, Qt.Key.Key_Return)

        QTimer.singleShot(200, answer)
        self.key(Qt.Key.Key_O, CONTROL)
        # Without a window manager nobody else gives the window the keys after the dialog.
        self.window.activateWindow()
        self._qtbot.waitUntil(self.window.isActiveWindow, timeout=20_000)
        session = self.window.desk.session
        self._qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=90_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a patient's head in DICOM: water with a bone and air in it, and nothing that says that it is synthetic."""
    values = np.full((12, 48, 48), -1000, np.int16)
    values[:, 4:44, 4:44] = 30
    values[4:8, 12:20, 12:20] = 700
    values[4:8, 28:36, 28:36] = -950
    place = tmp_path / "ct"
    write_ct_series(
        place, values, origin_lps_mm=(-48.0, -48.0, 0.0), spacing_mm=(2.0, 2.0, 3.0), description="Head",
        body_part="HEAD", series_uid=uid_from("forty"), study_uid=uid_from("forty study"),
        frame_uid=uid_from("forty frame"), patient_name="Doe^Jane", patient_id="4711", syntax="1.2.840.10008.1.2.1",
    )  # fmt: skip
    for path in place.iterdir():
        image = pydicom.dcmread(path)
        del image.SyntheticData
        image.save_as(path)
    return place


@pytest.fixture
def hands(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Hands:
    # How the steps look is kept by another process, which nobody waits for.
    monkeypatch.setattr(ProgramRun, "start", lambda _run, _words: None)
    window.desk.settings.change(reduce_motion=True)
    return Hands(window, qtbot)


@pytest.fixture
def watch(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets time pass on the clock of the talk."""
    time_s = [0.0]
    monkeypatch.setattr(window.presenting.pace, "_now", lambda: time_s[0])

    def passes(seconds: float) -> None:
        time_s[0] += seconds

    return passes


def _save_and_rehearse(hands: Hands, qtbot: QtBot, watch: Callable[[float], None], own_home: Path) -> Case:
    """Save, sign the head off, present, rehearse, and plan with what it took; return the case."""
    window = hands.window
    session = window.desk.session
    hands.press("Save and present")
    qtbot.waitUntil(lambda: window.making.sign_off is not None and window.making.sign_off.is_open, timeout=90_000)
    sheet = window.making.sign_off
    assert sheet is not None
    hands.click(sheet.face)
    hands.click(sheet.save)
    qtbot.waitUntil(lambda: session.workspace is Workspace.PRESENT and session.step == 0, timeout=90_000)
    hands.key(Qt.Key.Key_F5, CONTROL)
    qtbot.waitUntil(lambda: window.presenting.rehearsing.running, timeout=90_000)
    assert session.case is not None
    for step in range(1, len(session.case.steps)):
        watch(12.0)
        hands.key(Qt.Key.Key_PageDown)
        assert session.step == step
    watch(12.0)
    hands.key(Qt.Key.Key_Escape)
    rehearsed = window.presenting.rehearsals.sheet
    assert rehearsed is not None
    assert rehearsed.is_open
    hands.key(Qt.Key.Key_Return)
    (place,) = (own_home / "data" / "cases").iterdir()
    return read_case(place)


def _check(case: Case, hands: Hands, said: str) -> None:
    assert len(case.steps) == 5
    assert [step.duration_s for step in case.steps] == [15.0] * 5
    assert hands.window.desk.rehearsals.words(case.id) == "Rehearsed today"
    assert "Doe" not in json.dumps([step.narration for step in case.steps])
    assert hands.count <= MOST, hands.done
    told = " ".join(README.read_text(encoding="utf-8").split())
    assert f"{hands.count} actions {said}" in told, (hands.count, hands.done)


def test_from_a_folder_to_a_rehearsed_case_of_what_a_model_found(
    hands: Hands, folder: Path, watch: Callable[[float], None], qtbot: QtBot, own_home: Path
) -> None:
    session = hands.window.desk.session
    hands.open_folder(folder)
    hands.press("Run Anatomy by rules")
    qtbot.waitUntil(lambda: len(session.findings) == 2, timeout=90_000)
    hands.press("Tell a story of this scan")
    hands.press("Write a first draft")
    hands.type("Bone and air")
    _check(_save_and_rehearse(hands, qtbot, watch, own_home), hands, "from what a model found")


def test_from_a_folder_to_a_rehearsed_case_of_views_and_words_of_ones_own(
    hands: Hands, folder: Path, watch: Callable[[float], None], qtbot: QtBot, own_home: Path
) -> None:
    window = hands.window
    hands.open_folder(folder)
    hands.press("Tell a story of this scan")
    hands.type("A head of my own")
    panel = window.making.panel
    assert panel is not None

    def capture(words: str) -> None:
        hands.key(Qt.Key.Key_Return, CONTROL)
        hands.click(panel.narration)
        hands.type(words)

    def on_the_picture(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        hands.click(window.canvas, QPoint(120, 120))
        hands.key(key, modifiers)

    capture("All of it.")
    on_the_picture(Qt.Key.Key_4)
    capture("The same, for bone.")
    on_the_picture(Qt.Key.Key_5)
    capture("The same, for brain.")
    on_the_picture(Qt.Key.Key_3, SHIFT)
    capture("One view alone.")
    on_the_picture(Qt.Key.Key_Up)
    capture("One image higher.")
    case = _save_and_rehearse(hands, qtbot, watch, own_home)
    assert [step.narration for step in case.steps][1] == "The same, for bone."
    assert len({step.view for step in case.steps}) == 5
    _check(case, hands, "with views and words of your own")
