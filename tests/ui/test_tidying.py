"""What nobody holds any more goes in the window's thread, whichever thread is at work."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from viewer.ui import tidying
from viewer.ui.tidying import Tidying

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

# What other tests left behind goes at the same time, and is counted against these.
_MANY = 50_000


class _Held:
    """Holds itself, and tells in which thread it goes."""

    def __init__(self, gone_in: list[threading.Thread]) -> None:
        self.itself = self
        self._gone_in = gone_in

    def __del__(self) -> None:
        self._gone_in.append(threading.current_thread())


def test_what_holds_itself_goes_soon_and_in_the_windows_thread_while_others_work(qtbot: QtBot) -> None:
    gone_in: list[threading.Thread] = []
    parent = QObject()
    gc.enable()
    tidying = Tidying(parent)

    def work() -> None:
        for _ in range(_MANY):
            _Held(gone_in)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert gone_in == []
    qtbot.waitUntil(lambda: len(gone_in) == _MANY)
    assert set(gone_in) == {threading.main_thread()}
    tidying.deleteLater()


def test_everything_is_searched_again_only_once_there_is_a_quarter_more_of_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = QObject()
    gc.collect()
    searched: list[int] = []
    monkeypatch.setattr(tidying, "_due", lambda: 2)
    monkeypatch.setattr(tidying, "_LOOK_EVERY_MS", 5)
    collect = gc.collect

    def told(generation: int) -> None:
        searched.append(generation)
        collect(generation)

    monkeypatch.setattr(gc, "collect", told)
    Tidying(parent)
    qtbot.waitUntil(lambda: len(searched) >= 4)
    assert searched[0] == 2
    assert set(searched[1:]) == {1}
    held = [[] for _ in range(2 * len(gc.get_objects()))]
    qtbot.waitUntil(lambda: 2 in searched[1:])
    assert held
    parent.deleteLater()
