"""Names that are longer than whoever drew the window thought of: they give way, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt

from viewer.domain.session import Workspace
from viewer.ui.buttons import Button
from viewer.ui.library.card_pictures import CardPictures
from viewer.ui.library.case_card import CaseCard
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.presenter_window import PresenterWindow

LONG = "A nodule that was seen, forgotten, seen again, measured, argued about and at last told with all of its details"


def squeezed(within: QWidget) -> list[str]:
    """Return the buttons that are narrower than their words."""
    shown = [button for button in within.findChildren(Button) if button.isVisible() and not button.spread]
    return [button.text() or button.accessibleName() for button in shown if button.width() < button.sizeHint().width()]


@pytest.mark.parametrize("width", [960, 1366, 1920])
def test_beside_a_long_title_the_places_and_the_commands_are_read_whole(
    opened: MainWindow, qtbot: QtBot, width: int
) -> None:
    assert opened.desk.session.case is not None
    opened.desk.session.case = evolve(opened.desk.session.case, title=LONG)
    opened.resize(width, 768)
    qtbot.wait(50)
    assert squeezed(opened.top) == []


@pytest.mark.parametrize("width", [960, 1366, 1920])
def test_beside_a_long_title_the_presenter_reads_how_to_end(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot, width: int
) -> None:
    assert staged.desk.session.case is not None
    staged.desk.session.case = evolve(staged.desk.session.case, title=LONG)
    presenter.resize(width, 768)
    qtbot.wait(50)
    assert squeezed(presenter) == []


def test_of_a_case_whose_title_is_cut_on_its_card_the_tip_tells_all_of_it(qtbot: QtBot, case: Case) -> None:
    theme = Theme()
    told = CaseCard(theme, evolve(case, title=LONG, summary=LONG[::-1]), "Ready", CardPictures())
    brief = CaseCard(theme, evolve(case, title="Short", summary="Brief."), "Ready", CardPictures())
    for card in (told, brief):
        qtbot.addWidget(card)
        card.resize(444, 412)
        card.show()
    assert told.toolTip().splitlines() == [LONG, LONG[::-1]]
    assert brief.toolTip() == ""
    told.resize(2400, 412)
    assert told.toolTip() == ""


def test_the_tip_of_a_tile_in_inspect_tells_the_whole_name_of_its_lesion(opened: MainWindow, qtbot: QtBot) -> None:
    opened.desk.session.findings = tuple(evolve(finding, label=LONG) for finding in opened.desk.session.findings)
    opened.go(Workspace.INSPECT)
    tiles = opened.inspect.tiles
    qtbot.waitUntil(lambda: any(row.finding.label == LONG for row in tiles.rows))
    n = next(n for n, row in enumerate(tiles.rows) if row.finding.label == LONG)
    tip = tiles.tip_of(n).splitlines()
    assert tip == [LONG, tiles.rows[n].finding.place, tiles.rows[n].why]


def test_an_ampersand_in_a_name_gives_its_button_no_key_of_its_own(
    opened: MainWindow, theme: Theme, press: Callable[..., None]
) -> None:
    button = Button(theme, "Is this R&D?", parent=opened)
    clicked: list[bool] = []
    button.clicked.connect(lambda *_: clicked.append(True))
    button.show()
    press(opened, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    button.set_words("Head &Neck")
    press(opened, Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier)
    assert clicked == []
    assert button.text() == "Head &Neck"
