"""A fault in a panel, or while something is painted, does not take the stage down, and is told at the desk later."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.ui.faults import Faults
from viewer.ui.present.card import Narration

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


def _broken(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("DOE^JANE")


@pytest.fixture
def staged(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window on stage, with what nobody caught going where it goes in the program."""
    opened.present_from(0)
    monkeypatch.setattr(sys, "excepthook", Faults(opened))
    return opened


def test_a_panel_that_raises_keeps_neither_the_picture_nor_the_words_back(
    staged: MainWindow, case: Case, press: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    session = staged.desk.session
    session.view_changed.connect(_broken)
    session.step_changed.connect(_broken)
    staged.desk.navigation.arrived.connect(_broken)
    seen: list[object] = []
    session.view_changed.connect(lambda new, _old: seen.append(new))
    with caplog.at_level(logging.ERROR):
        press(staged, Qt.Key.Key_PageDown)
    assert session.view == case.steps[1].view
    assert seen[-1] == case.steps[1].view
    assert "Blood on the left" in staged.stage.card.words
    assert not staged.messages.isVisible()
    assert QApplication.activeModalWidget() is None
    assert "RuntimeError" in caplog.text
    assert "DOE" not in caplog.text

    press(staged, Qt.Key.Key_Escape)
    assert session.workspace is Workspace.REVIEW
    assert staged.messages.isVisible()
    assert staged.messages.message is not None
    assert "Something went wrong" in staged.messages.message.sentence


@pytest.mark.parametrize("what", ["card", "canvas", "bar"])
def test_what_cannot_be_painted_is_missing_and_the_story_goes_on(
    staged: MainWindow,
    case: Case,
    press: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    qtbot: QtBot,
    what: str,
) -> None:
    broken: dict[str, tuple[object, str]] = {
        "card": (Narration, "paint"),
        "canvas": (type(staged.stage.canvas), "_paint"),
        "bar": (type(staged.stage.bar), "_paint_progress"),
    }
    owner, name = broken[what]
    monkeypatch.setattr(owner, name, _broken)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            press(staged, Qt.Key.Key_PageDown)
            for widget in (staged.stage.card, staged.stage.canvas, staged.stage.bar):
                widget.update()
            qtbot.wait(50)
    assert staged.desk.session.view == case.steps[2].view
    assert staged.desk.session.workspace is Workspace.PRESENT
    assert "And on the right" in staged.stage.card.words
    assert not staged.messages.isVisible()
    assert "RuntimeError" in caplog.text


def test_a_fault_in_every_frame_does_not_fill_the_log(staged: MainWindow, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for _ in range(500):
            try:
                _broken()
            except RuntimeError as error:
                sys.excepthook(type(error), error, error.__traceback__)
    assert caplog.text.count("unexpected:") == 3
    assert staged.desk.session.workspace is Workspace.PRESENT
