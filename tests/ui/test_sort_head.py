"""The words over a list stand where its columns do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage

from viewer.ui.sort_head import SortColumn, SortHead
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NAME_AT, SIZE_AT, SCORE_AT = 48, 100, 16
COLUMNS = (
    SortColumn("name", "Finding", "Sort by name", NAME_AT),
    SortColumn("size", "Size", "Sort by size", SIZE_AT, from_right=True),
    SortColumn("score", "Score", "Sort by score", SCORE_AT, from_right=True),
)


@pytest.mark.parametrize("by", ["name", "size", "score"])
def test_words_begin_or_end_where_their_columns_do_sorted_or_not(qtbot: QtBot, by: str) -> None:
    head = SortHead(Theme(), COLUMNS)
    qtbot.addWidget(head)
    head.resize(400, 32)
    head.show_sorted(by)
    with qtbot.waitExposed(head):
        head.show()
    image = head.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    seen = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)
    inked = (np.abs(seen - seen[0, 0]).sum(axis=2) > 15).any(axis=0)

    def span(name: str) -> tuple[int, int]:
        place = head.word(name).geometry()
        found = np.flatnonzero(inked[place.left() : place.right() + 1]) + place.left()
        return int(found.min()), int(found.max()) + 1

    # A letter keeps a pixel or two on its sides, an arrow up to four.
    assert 0 <= span("name")[0] - NAME_AT <= 2
    assert 0 <= 400 - SIZE_AT - span("size")[1] <= 4
    assert 0 <= 400 - SCORE_AT - span("score")[1] <= 4


@pytest.mark.parametrize("by", ["size", "score"])
def test_words_of_close_columns_do_not_lie_on_each_other(qtbot: QtBot, by: str) -> None:
    close = (*COLUMNS[:1], SortColumn("size", "Volume", "Sort by size", SCORE_AT + 40, from_right=True), COLUMNS[2])
    head = SortHead(Theme(), close)
    qtbot.addWidget(head)
    head.resize(400, 32)
    head.show()
    head.show_sorted(by)
    assert not head.word("size").geometry().intersects(head.word("score").geometry())
