"""The one table of all commands of a window, with the user's own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.app_commands import app_commands
from viewer.ui.case_commands import case_commands
from viewer.ui.commands import CommandTable
from viewer.ui.copied_value import value_commands
from viewer.ui.making_commands import making_commands
from viewer.ui.messages import Message
from viewer.ui.models.models_commands import models_commands
from viewer.ui.overlay_commands import overlay_file_commands
from viewer.ui.own_keys import with_own_keys
from viewer.ui.picture_commands import picture_commands
from viewer.ui.question_commands import question_commands
from viewer.ui.reasons import of_what_is_open
from viewer.ui.view_commands import view_commands
from viewer.ui.window_asks import asks_of

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


def all_commands(window: MainWindow) -> tuple[CommandTable, tuple[Message, ...]]:
    """Return the commands of a window that is being built, and what is to be told of the user's settings and keys."""
    desk, session = window.desk, window.desk.session
    made = (
        *app_commands(desk, asks_of(window)),
        *view_commands(session, window.canvas_here, window.compared.finish, desk.settings, desk.conventions.windows),
        *overlay_file_commands(window),
        *value_commands(window),
        *picture_commands(window),
        *making_commands(desk.case_making, window.making.asks()),
        *question_commands(desk.player, window.questions),
        *models_commands(desk, window.models.asks()),
        *window.presenting.commands(),
        *case_commands(window.leaving.asks()),
    )
    usual = tuple(of_what_is_open(command, session) for command in made)
    said = tuple(Message.of(error) for error in (desk.settings.unread, desk.conventions_error) if error is not None)
    if desk.conventions_error is not None or not desk.conventions.keys:
        return CommandTable(usual), said
    commands, problems = with_own_keys(usual, desk.conventions.keys)
    if problems:
        said = (*said, Message("Some of your own keys are not followed.", " ".join(problems)))
    return CommandTable(commands), said
