from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from weakref import ref

from PySide6.QtWidgets import QLabel

from viewer.ui.when_painted import when_painted

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_who_asked_first_is_told_first_once_the_window_is_there(qtbot: QtBot) -> None:
    label = QLabel("Here")
    qtbot.addWidget(label)
    told: list[str] = []
    when_painted(label, lambda: (told.append("first"), when_painted(label, lambda: told.append("later"))))
    when_painted(label, lambda: told.append("second"))
    qtbot.wait(20)
    assert told == []
    label.show()
    qtbot.waitUntil(lambda: len(told) == 2)
    label.repaint()
    qtbot.waitUntil(lambda: len(told) == 3)
    label.repaint()
    qtbot.wait(20)
    assert told == ["first", "second", "later"]


def test_of_a_window_that_went_before_it_was_painted_nothing_is_told_and_nothing_stays(qtbot: QtBot) -> None:
    label = QLabel("Gone")
    told: list[str] = []
    when_painted(label, lambda: told.append("painted"))
    kept = ref(label)
    label.deleteLater()
    del label
    qtbot.wait(20)
    gc.collect()
    assert told == []
    assert kept() is None
