"""Whoever uses the keyboard sees where the keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest

from tests.cli.conftest import write_small_case
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

    from viewer.ui.library.card_grid import CardGrid
    from viewer.ui.library.case_card import CaseCard
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def cards(window: MainWindow, own_home: Path, qtbot: QtBot) -> CardGrid:
    """Return the grid of a library of six cases; the keys are in the search field."""
    for n in range(6):
        write_small_case(own_home / "data" / "cases" / f"small-{n}", f"small-{n}")
    window.library.refresh()
    window.go(Workspace.LIBRARY)
    page = window.library.cases
    page.search.setFocus(Qt.FocusReason.OtherFocusReason)
    qtbot.waitUntil(lambda: bool(page.grid.shown_cases))
    return page.grid


def picked(grid: CardGrid) -> CaseCard:
    assert grid.selected is not None
    card = grid.card(grid.selected.id)
    assert card is not None
    return card


def seen(grid: CardGrid) -> QImage:
    return picked(grid).grab().toImage()


def test_the_picked_card_shows_that_tab_came_to_it_and_no_longer_once_the_keys_are_elsewhere(
    cards: CardGrid, window: MainWindow
) -> None:
    at_rest = seen(cards)
    cards.setFocus(Qt.FocusReason.TabFocusReason)
    assert seen(cards) != at_rest
    window.library.cases.search.setFocus(Qt.FocusReason.TabFocusReason)
    assert seen(cards) == at_rest


def test_a_card_that_was_clicked_shows_no_ring_until_a_key_is_pressed(
    cards: CardGrid, press: Callable[..., None], window: MainWindow
) -> None:
    at_rest = seen(cards)
    QTest.mouseClick(picked(cards), Qt.MouseButton.LeftButton)
    assert cards.hasFocus()
    assert seen(cards) == at_rest
    press(window, Qt.Key.Key_Home)
    assert seen(cards) != at_rest


def test_going_back_by_tab_from_the_last_card_shows_the_picked_one_whole(
    cards: CardGrid, window: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: window.width() == 1280)
    cards.pick(0)
    cards.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(3):
        press(window, Qt.Key.Key_Tab)
    assert cards.drop.isAncestorOf(window.focusWidget())
    for _ in range(3):
        press(window, Qt.Key.Key_Backtab)
    assert window.focusWidget() is cards
    page, card = cards.parentWidget().parentWidget(), picked(cards)
    assert page.rect().contains(QRect(card.mapTo(page, QPoint(0, 0)), card.size()))
