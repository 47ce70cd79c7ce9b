"""The stage: steps by keys and clicker, wandering off and coming back, and words that are safe and large enough."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison, Layout, OverlayMode, ViewName
from viewer.domain.walkthrough import Step
from viewer.ui.canvas import paint_frame
from viewer.ui.canvas.facts import view_words
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import CanvasStyle, tiles
from viewer.ui.fonts import Type
from viewer.ui.present import stage_bar
from viewer.ui.present.card import PAD, WIDTH, Narration, card_side, narration_html, paint_card
from viewer.ui.present.stage_bar import StageBar
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def staged(opened: MainWindow) -> MainWindow:
    """Return the window on the stage at the first step."""
    opened.present_from(0)
    return opened


def test_presenting_fills_the_screen_with_the_first_step(staged: MainWindow, case: Case) -> None:
    session = staged.desk.session
    assert session.workspace is Workspace.PRESENT
    assert session.view == case.steps[0].view
    assert staged.top.isHidden()
    assert staged.status.isHidden()
    assert staged.full_screen.on
    assert staged.size() == staged.screen().size()
    assert staged.stage.bar.words == "Synthetic · Not for diagnostic use  1 of 3"
    assert "Where would you look?" in staged.stage.card.words


def test_arrows_and_a_clicker_step_through_the_case(staged: MainWindow, case: Case, press: Callable[..., None]) -> None:
    for key, step in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_PageDown, 2),
        (Qt.Key.Key_PageDown, 2),
        (Qt.Key.Key_PageUp, 1),
        (Qt.Key.Key_Left, 0),
    ):
        press(staged, key)
        assert staged.desk.session.view == case.steps[step].view
        assert case.steps[step].title in staged.stage.card.words
        assert staged.stage.bar.words.endswith(f"{step + 1} of 3")


def test_wandering_off_is_said_and_enter_comes_back(staged: MainWindow, case: Case, press: Callable[..., None]) -> None:
    assert staged.stage.bar.resume.isHidden()
    press(staged, Qt.Key.Key_Up)
    assert "Exploring · 3.0 mm towards the head" in staged.stage.bar.words
    press(staged, Qt.Key.Key_Up)
    assert "Exploring · 6.0 mm towards the head" in staged.stage.bar.words
    assert staged.stage.bar.resume.text() == "Resume step 1"
    assert not staged.stage.bar.resume.isHidden()
    press(staged, Qt.Key.Key_Return)
    assert staged.desk.session.view == case.steps[0].view
    assert staged.stage.bar.resume.isHidden()


def test_the_resume_button_does_what_enter_does(staged: MainWindow, case: Case, press: Callable[..., None]) -> None:
    press(staged, Qt.Key.Key_Down)
    staged.stage.bar.resume.click()
    assert staged.desk.session.view == case.steps[0].view


def test_a_mouse_alone_steps_through_the_case(staged: MainWindow, case: Case) -> None:
    bar = staged.stage.bar
    click = partial(QTest.mouseClick, bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    click(bar.next_area.center().toPoint())
    staged.desk.navigation.finish()
    assert staged.desk.session.step == 1
    assert staged.desk.session.view == case.steps[1].view
    click(bar.back_area.center().toPoint())
    assert staged.desk.session.step == 0
    last_bar = (bar.next_area.left() - 20, bar.next_area.center().y())
    click(QPointF(*last_bar).toPoint())
    assert staged.desk.session.step == len(case.steps) - 1


def test_any_key_ends_a_motion_at_its_goal(staged: MainWindow, case: Case, press: Callable[..., None]) -> None:
    staged.desk.settings.change(reduce_motion=False)
    staged.desk.player.next()
    assert staged.desk.navigation.moving
    press(staged, Qt.Key.Key_F12)
    assert not staged.desk.navigation.moving
    assert staged.desk.session.view == case.steps[1].view


def test_a_motion_runs_by_itself_and_the_words_come_after_it(staged: MainWindow, case: Case, qtbot: QtBot) -> None:
    staged.desk.settings.change(reduce_motion=False)
    staged.desk.player.next()
    assert staged.stage.card.words == ""
    qtbot.waitUntil(lambda: not staged.desk.navigation.moving, timeout=5000)
    assert staged.desk.session.view == case.steps[1].view
    assert "Blood on the left" in staged.stage.card.words


def test_a_hidden_pointer_stays_hidden_when_the_next_step_comes_and_shows_when_it_is_moved(
    staged: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    canvas = staged.stage.canvas
    place = QPointF(canvas.rect().center())

    def move() -> None:
        none = Qt.MouseButton.NoButton
        at = canvas.mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, at, none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    move()
    staged.stage._idle.setInterval(0)
    staged.stage._idle.start()
    qtbot.waitUntil(lambda: canvas.cursor().shape() == Qt.CursorShape.BlankCursor)
    staged.stage._idle.setInterval(60_000)
    with qtbot.waitSignal(canvas.pointer_moved):
        press(staged, Qt.Key.Key_Right)
    assert canvas.cursor().shape() == Qt.CursorShape.BlankCursor
    move()
    assert canvas.cursor().shape() != Qt.CursorShape.BlankCursor


def test_black_screen_shows_nothing_at_once_and_the_case_again(staged: MainWindow, press: Callable[..., None]) -> None:
    for key in (Qt.Key.Key_B, Qt.Key.Key_Period):
        press(staged, key)
        assert staged.stage.is_black == (key == Qt.Key.Key_B)
    press(staged, Qt.Key.Key_B)
    picture = staged.stage.grab().toImage()
    places = [(x, y) for x in range(0, picture.width(), 97) for y in range(0, picture.height(), 61)]
    assert all(picture.pixelColor(x, y).lightness() == 0 for x, y in places)
    press(staged, Qt.Key.Key_Right)
    assert not staged.stage.is_black


def test_esc_leaves_for_where_one_came_from_and_shift_f5_returns_to_the_step(
    staged: MainWindow, case: Case, press: Callable[..., None]
) -> None:
    press(staged, Qt.Key.Key_Right)
    press(staged, Qt.Key.Key_Escape)
    assert staged.desk.session.workspace is Workspace.REVIEW
    assert not staged.full_screen.on
    assert (staged.width(), staged.height()) == (1600, 900)
    assert not staged.top.isHidden()
    press(staged, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert staged.desk.session.view == case.steps[1].view
    press(staged, Qt.Key.Key_F5)
    assert staged.desk.session.view == case.steps[0].view


def test_a_kiosk_cannot_be_left_by_esc(staged: MainWindow, press: Callable[..., None]) -> None:
    staged.kiosk = True
    press(staged, Qt.Key.Key_Escape)
    assert staged.desk.session.workspace is Workspace.PRESENT


def test_review_shows_findings_and_not_the_truth_whatever_a_step_showed(
    staged: MainWindow, press: Callable[..., None]
) -> None:
    session = staged.desk.session
    assert session.view is not None
    session.view = evolve(session.view, show_truth=True, overlay=OverlayMode.OFF)
    place = session.view.cursor_lps_mm
    press(staged, Qt.Key.Key_Escape)
    assert session.view.overlay is OverlayMode.OUTLINE
    assert not session.view.show_truth
    assert session.view.cursor_lps_mm == place


def test_the_card_stands_away_from_the_finding(case: Case, findings: tuple[Finding, ...]) -> None:
    assert card_side(case.steps[1].view, findings[0]) == "left"
    assert card_side(case.steps[2].view, findings[1]) == "right"
    assert card_side(case.steps[0].view, None) == "left"


def test_the_card_does_not_cover_the_finding(staged: MainWindow, press: Callable[..., None]) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        press(staged, key)
        session = staged.desk.session
        assert session.view is not None
        plane = session.view.main.plane
        tile = staged.stage.canvas.tile(session.view.main)
        assert plane is not None
        assert tile is not None
        assert session.selected is not None
        assert session.volume is not None
        x, y = tile.geometry(session.volume, session.view, plane).screen_from_lps(session.selected.centre_lps_mm)
        place = staged.stage.canvas.pos() + (tile.area.topLeft().toPoint())
        assert not staged.stage.card.geometry().contains(round(x) + place.x(), round(y) + place.y())


def test_narration_runs_no_script_and_fetches_nothing(case: Case) -> None:
    view = case.steps[0].view
    text = "<script>x()</script> ![p](http://example.org/p.png) [l](http://example.org) **safe**"
    made = narration_html(Step("s", "Title", text, view))
    assert "<script" not in made
    assert "<img" not in made
    assert "href" not in made
    assert "<strong>safe</strong>" in made
    words = Narration(Theme(), Step("s", "Title", text, view), 1.0).words
    assert "Title" in words
    assert "safe" in words


def test_3d_beside_a_curtain_says_which_scan_it_is_as_the_curtain_does(case: Case, head: Volume) -> None:
    shown = shown_from(head, evolve(case.steps[0].view, comparison=Comparison.CURTAIN))
    assert view_words(shown, ViewName.THREE_D, stage=True) == "3D, now"
    assert view_words(shown, ViewName.THREE_D) == "3D, first scan alone"


@pytest.mark.parametrize("layout", [Layout.FOUR, Layout.STAGE])
def test_3d_on_stage_says_of_which_scan_it_is_in_each_layout(
    case: Case, head: Volume, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []
    monkeypatch.setattr(paint_frame, "paint_stage_name", lambda _painter, _free, name, *_: named.append(name))
    for comparison in (Comparison.OFF, Comparison.CURTAIN):
        view = evolve(case.steps[0].view, comparison=comparison, layout=layout, main=ViewName.AXIAL)
        shown = shown_from(head, view)
        look = Look(TextLook(Theme(), stage=True))
        painter = QPainter(picture := QImage(1200, 800, QImage.Format.Format_RGB32))
        assert not picture.isNull()
        for tile in tiles(layout, ViewName.AXIAL, (1200, 800), style=CanvasStyle.STAGE):
            paint_frame.paint_frame(painter, tile, shown, look, first=False)
        painter.end()
    assert named.count("3D, now") == 1


def test_a_number_stays_on_the_line_of_its_unit(case: Case) -> None:
    told = narration_html(evolve(case.steps[0], title="Close to water: 19 HU", narration="From **0.29 mL**, 3 signs"))
    assert "19&nbsp;HU" in told.replace("\u00a0", "&nbsp;")
    assert "0.29&nbsp;mL" in told.replace("\u00a0", "&nbsp;")
    assert "3 signs" in told


def _line_widths(narration: Narration, top: int, line: int, count: int) -> list[int]:
    """Return how far the ink of each line reaches, from the top of the first."""
    image = QImage(narration.size.toSize(), QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    narration.paint(painter, QPointF())
    painter.end()
    lit = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine()) > 100
    lines = (lit[top + n * line : top + (n + 1) * line, 8:-8] for n in range(count))
    return [int(np.flatnonzero(one.any(axis=0)).max()) for one in lines]


def test_no_line_of_a_card_is_left_over(case: Case, qapp: object) -> None:
    step = evolve(case.steps[0], title="It shows, you decide", narration="Words.")
    first, second = _line_widths(Narration(Theme(), step, 1.0), PAD, 46, 2)
    assert abs(first - second) < 60
    told = "At a threshold of 0.70: 3 of 5 found, no false alarm. Open Inspect to see what moves it."
    step = evolve(case.steps[0], title="3 of 5", narration=told)
    widths = _line_widths(Narration(Theme(), step, 1.0), PAD + 46 + 12, 38, 4)
    assert widths[-1] - PAD > 0.25 * (WIDTH - 2 * PAD)


def test_a_narration_with_a_title_of_its_own_keeps_it(case: Case) -> None:
    made = narration_html(Step("s", "Other", "# Mine\n\nText", case.steps[0].view))
    assert made.count("<h1>") == 1
    assert "Mine" in made


def test_the_card_can_be_painted_without_a_window(case: Case, findings: tuple[Finding, ...], qapp: object) -> None:
    image = QImage(1920, 984, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    paint_card(painter, Theme(), case.steps[1], findings[0], QSizeF(1920, 984), 1.0)
    painter.end()
    card = image.pixelColor(60, 860)
    assert card == Theme().colour("panel")
    assert image.pixelColor(900, 400).lightness() == 0


def test_nothing_on_stage_is_smaller_than_can_be_read_from_four_metres() -> None:
    staged = [kind for kind in Type if kind.name.startswith("STAGE")]
    assert min(kind.size_px for kind in staged) >= 22


def test_no_name_is_drawn_on_stage(staged: MainWindow) -> None:
    session = staged.desk.session
    assert session.masked
    words = " ".join((staged.stage.bar.words, staged.stage.card.words, staged.windowTitle()))
    assert "DOE" not in words
    assert "4711" not in words


def test_where_one_wandered_is_said_in_full_beside_a_live_run(qtbot: QtBot) -> None:
    bar = StageBar(Theme())
    qtbot.addWidget(bar)
    bar.resize(1920, 96)
    with qtbot.waitExposed(bar):
        bar.show()
    bar.show_state(banner="Synthetic · Not for diagnostic use", exploring="4.0 mm towards the head", index=2, count=6)
    end = bar.resume.x()
    words = QRect(end - 440, 0, 440, 96)
    alone = bar.grab(words).toImage()
    bar.show_live("Live, 1.2 s", calm=False)
    assert bar.grab(words).toImage() == alone
    bar.show_live("Recorded · the live run took longer than 20 s", calm=True)
    assert bar.grab(words).toImage() == alone


@pytest.mark.parametrize("width", [1000, 1280, 1600])
def test_in_a_narrow_bar_nothing_stands_on_what_is_said_of_a_run(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    bar = StageBar(Theme())
    qtbot.addWidget(bar)
    bar.resize(width, 88)
    bar.set_scale(0.92)
    with qtbot.waitExposed(bar):
        bar.show()
    bar.show_state(banner="Synthetic · Not for diagnostic use", exploring="5.0 mm towards the head", index=1, count=6)
    bar.show_live("Live · 1.2 s on this computer", calm=False)
    drawn: list[tuple[float, float, str]] = []

    class Listening(QPainter):
        def drawText(self, area: QRectF, flags: int, words: str) -> None:  # noqa: N802 (Qt's name)
            start = area.left()
            wide = self.fontMetrics().horizontalAdvance(words)
            if flags & Qt.AlignmentFlag.AlignRight:
                start = area.right() - wide
            if words:
                drawn.append((start, start + wide, words))

    monkeypatch.setattr(stage_bar, "QPainter", Listening)
    bar.grab()
    told = [words for _, _, words in drawn]
    assert "Synthetic · Not for diagnostic use" in told
    assert width == 1000 or any(words.startswith("Live") for words in told)
    drawn.sort()
    assert all(end <= start for (_, end, _), (start, _, _) in zip(drawn, drawn[1:], strict=False)), drawn
