"""A window of nothing but a canvas and the commands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QMainWindow

from viewer.ui.canvas import Canvas, Tool
from viewer.ui.commands import CommandActions, CommandTable
from viewer.ui.theme import Theme
from viewer.ui.view_commands import view_commands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session

AWindow = TypeVar("AWindow", bound=QMainWindow)


class Looking(QMainWindow):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.canvas = Canvas(session, Theme(), None)
        self.setCentralWidget(self.canvas)
        self.table = CommandTable(view_commands(session, lambda: self.canvas))
        self.actions_of = CommandActions(self, self.table, Theme(), lambda: session.workspace)
        self.resize(1000, 700)


def seen(qtbot: QtBot, made: AWindow) -> AWindow:
    """Return a window with a canvas once it is on the screen and has the keys."""
    qtbot.addWidget(made, before_close_func=lambda widget: widget.canvas.close_scene())
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def shown_canvas(
    qtbot: QtBot,
    session: Session,
    theme: Theme,
    *,
    size: tuple[int, int] = (1000, 700),
    tool: Tool | None = None,
) -> Canvas:
    """Return a canvas alone, once it is on the screen."""
    made = Canvas(session, theme, None)
    qtbot.addWidget(made, before_close_func=lambda widget: widget.close_scene())
    made.resize(*size)
    if tool is not None:
        made.tool = tool
    with qtbot.waitExposed(made):
        made.show()
    return made
