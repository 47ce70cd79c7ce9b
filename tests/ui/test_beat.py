"""Commands follow what is looked at, and hold up nothing that moves."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QApplication, QMainWindow

from viewer.domain.session import Workspace
from viewer.ui.beat import Beat
from viewer.ui.commands import EVERYWHERE, Command, CommandActions, CommandTable
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

_COMMANDS = 300
_LONG_S = 30.0


def _window(qtbot: QtBot, enabled: Callable[[], bool]) -> tuple[CommandActions, Beat]:
    window = QMainWindow()
    qtbot.addWidget(window)
    table = CommandTable(
        [
            Command(f"view.{n}", f"Do {n}", f"Do {n}", lambda: None, contexts=EVERYWHERE, enabled_when=enabled)
            for n in range(_COMMANDS)
        ]
    )
    actions = CommandActions(window, table, Theme(), lambda: Workspace.REVIEW)
    return actions, Beat(window, cast("Any", SimpleNamespace()), actions.refreshed_in_parts)


def test_while_images_go_by_none_waits_for_more_than_a_few_commands_to_be_looked_at(qtbot: QtBot) -> None:
    asked: list[int] = [0]

    def enabled() -> bool:
        asked[0] += 1
        return True

    _, beat = _window(qtbot, enabled)
    asked[0], most = 0, 0
    ends_at = time.monotonic() + _LONG_S
    while asked[0] < 2 * _COMMANDS:
        before = asked[0]
        beat.refresh_later()
        QApplication.processEvents()
        most = max(most, asked[0] - before)
        assert time.monotonic() < ends_at
    assert most <= _COMMANDS / 6


def test_all_commands_are_right_once_the_images_rest(qtbot: QtBot) -> None:
    now = [True]
    actions, beat = _window(qtbot, lambda: now[0])
    beat.refresh_later()
    now[0] = False
    qtbot.waitUntil(lambda: not any(actions[f"view.{n}"].isEnabled() for n in range(_COMMANDS)), timeout=5000)


def test_what_changed_at_once_is_told_to_all_commands_at_once(qtbot: QtBot) -> None:
    now = [True]
    actions, beat = _window(qtbot, lambda: now[0])
    beat.refresh_later()
    now[0] = False
    beat.refresh_soon()
    qtbot.waitUntil(lambda: not actions["view.0"].isEnabled(), timeout=5000)
    assert not any(actions[f"view.{n}"].isEnabled() for n in range(_COMMANDS))
