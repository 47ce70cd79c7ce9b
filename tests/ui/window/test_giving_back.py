"""A window that goes from case to case all day holds no more memory than the case that is open needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io import memory
from viewer.ui.giving_back import GivingBack

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


def test_memory_is_given_back_once_after_a_volume_was_closed_and_its_place_taken(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def give_back() -> bool:
        asked.append(True)
        return True

    monkeypatch.setattr(memory, "give_back", give_back)
    session = opened.desk.session
    volume = session.volume
    session.volume = None
    session.volume = volume
    assert not asked
    qtbot.waitUntil(lambda: bool(asked), timeout=8000)
    qtbot.wait(200)
    assert len(asked) == 1


def test_a_window_keeps_little_also_where_one_case_follows_the_other_without_a_rest(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def keep_little() -> bool:
        told.append(True)
        return True

    monkeypatch.setattr(memory, "keep_little", keep_little)
    GivingBack(opened.desk, opened)
    session = opened.desk.session
    volume = session.volume

    def shown_anew() -> bool:
        session.volume = None
        session.volume = volume
        return bool(told)

    qtbot.waitUntil(shown_anew, timeout=8000)
