"""Names that are longer than whoever drew the window thought of: they give way, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from viewer.ui.buttons import Button

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.presenter_window import PresenterWindow

LONG = "A nodule that was seen, forgotten, seen again, measured, argued about and at last told with all of its details"


def squeezed(within: QWidget) -> list[str]:
    """Return the buttons that are narrower than their words."""
    shown = [button for button in within.findChildren(Button) if button.isVisible() and not button.spread]
    return [button.text() or button.accessibleName() for button in shown if button.width() < button.sizeHint().width()]


@pytest.mark.parametrize("width", [960, 1366, 1920])
def test_beside_a_long_title_the_places_and_the_commands_are_read_whole(
    opened: MainWindow, qtbot: QtBot, width: int
) -> None:
    assert opened.desk.session.case is not None
    opened.desk.session.case = evolve(opened.desk.session.case, title=LONG)
    opened.resize(width, 768)
    qtbot.wait(50)
    assert squeezed(opened.top) == []


@pytest.mark.parametrize("width", [960, 1366, 1920])
def test_beside_a_long_title_the_presenter_reads_how_to_end(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot, width: int
) -> None:
    assert staged.desk.session.case is not None
    staged.desk.session.case = evolve(staged.desk.session.case, title=LONG)
    presenter.resize(width, 768)
    qtbot.wait(50)
    assert squeezed(presenter) == []
