"""The file of hanging rules: opened in the user's editor, and what is wrong with it told as long as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from viewer.domain.errors import CaseStageError
from viewer.services.hanging import FILE_NAME, HangingRulesError, own_rules_file
from viewer.services.places import config_folder
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.ui.main_window import MainWindow


def tell_of_opening(window: MainWindow) -> None:
    """Tell what hinders no opening; what was wrong with the rules goes away with what was wrong."""
    opening, messages = window.desk.opening, window.messages
    of_rules: list[Message] = []

    def told(error: CaseStageError) -> None:
        message = Message.of(error)
        if isinstance(error, HangingRulesError):
            message = evolve(message, action="Edit the rules", act=lambda: edit_hanging_rules(window.tell))
            of_rules[:] = [message]
        window.tell(message)

    def sound() -> None:
        for message in of_rules:
            messages.withdraw(message)

    opening.told.connect(told)
    opening.rules_sound.connect(sound)


def edit_hanging_rules(tell: Callable[[Message], None]) -> None:
    """Open the rules, made from the usual ones where the user has none yet; say what came of it."""
    try:
        path = own_rules_file(config_folder() / FILE_NAME)
    except CaseStageError as error:
        tell(Message.of(error))
        return
    opened = QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
    if opened:
        words = f"{FILE_NAME} opens in your editor."
    else:
        words = f"No program opens {FILE_NAME} here. Open it yourself: {path}"
    tell(Message(words, "Every key is explained in it; it is read again for each scan.", calm=opened))
