"""The file of hanging rules, opened in the user's editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from viewer.domain.errors import CaseStageError
from viewer.services.hanging import FILE_NAME, own_rules_file
from viewer.services.places import config_folder
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable


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
