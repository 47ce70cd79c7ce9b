"""The folder that a file dialog begins in, and what stays of it: folders are often named after their patient."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.session import Session

_KEPT_BY_QT = ("FileDialog/history", "FileDialog/lastVisited")


def begin_in(session: Session, usual: str) -> str:
    """Return the `usual` folder, and the user's own one while identity is hidden: a dialog shows where it is."""
    return str(Path.home()) if session.masked else usual


@contextmanager
def untraced() -> Iterator[None]:
    """Let a file dialog that is asked within neither offer nor keep the places that were visited.

    Qt keeps them in one file for all programs of the user, whose own places are there again afterwards.
    """
    settings = QSettings(QSettings.Scope.UserScope, "QtProject")
    before = {key: settings.value(key) for key in _KEPT_BY_QT if settings.contains(key)}
    _put(settings, {})
    try:
        yield
    finally:
        _put(settings, before)


def _put(settings: QSettings, kept: dict[str, object]) -> None:
    for key in _KEPT_BY_QT:
        if key in kept:
            settings.setValue(key, kept[key])
        else:
            settings.remove(key)
    settings.sync()
