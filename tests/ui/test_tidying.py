"""What nobody holds any more goes in the window's thread, whichever thread is at work."""

from __future__ import annotations

import gc
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

from viewer.domain.session import Session
from viewer.ui import tidying
from viewer.ui.still_hands import StillHands
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
    tidying = Tidying(parent, StillHands(Session()))

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


def test_everything_is_searched_only_now_and_then_and_while_nothing_moves(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, hands = QObject(), SimpleNamespace(resting=True)
    now_s = [1000.0]
    searched: list[int] = []
    monkeypatch.setattr(tidying, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr(tidying, "due", lambda: 2)
    monkeypatch.setattr(tidying, "_LOOK_EVERY_MS", 2)
    monkeypatch.setattr(gc, "collect", searched.append)
    Tidying(parent, cast("StillHands", hands))

    def searched_from_now() -> set[int]:
        before = len(searched)
        qtbot.waitUntil(lambda: len(searched) > before + 3)
        return set(searched[before:])

    assert searched_from_now() == {1}
    now_s[0] += 31.0
    assert 2 in searched_from_now()
    assert searched_from_now() == {1}
    hands.resting = False
    now_s[0] += 40.0
    assert searched_from_now() == {1}
    now_s[0] += 60.0
    assert 2 in searched_from_now()
    parent.deleteLater()
