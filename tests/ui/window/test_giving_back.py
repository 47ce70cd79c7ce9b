"""A window that goes from case to case all day holds no more memory than the case that is open needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io import memory

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
