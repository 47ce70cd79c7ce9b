"""In a narrow or low window bars leave out what matters least, and nothing is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QWidget,
)

from tests.ui.window.looking import view_of
from viewer.domain.geometry import Verdict
from viewer.domain.session import Workspace
from viewer.ui.archive.edit_sheet import EditSheet
from viewer.ui.buttons import Button, IconButton
from viewer.ui.commands import Submenu
from viewer.ui.fitting import Fitted, FittedRow
from viewer.ui.histogram_chart import HistogramChart
from viewer.ui.leaving.leaving_sheet import LeavingSheet
from viewer.ui.library.search_field import SearchField
from viewer.ui.messages import Message
from viewer.ui.review.review_panel import ReviewPanel
from viewer.ui.review.toolbar import RestButton, Toolbar
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Card
from viewer.ui.window_place import SMALLEST_SIZE, least_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.theme import Theme


def sized(qtbot: QtBot, window: MainWindow, width: int, height: int = 600) -> None:
    window.setMinimumSize(*SMALLEST_SIZE)
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.width() == width)
    QApplication.processEvents()


def cut_off(page: QWidget) -> list[str]:
    """Return the buttons and fields of a bar or page that are narrower than they need or lie beyond its edge."""
    found = []
    for widget in (*page.findChildren(QAbstractButton), *page.findChildren(QLineEdit)):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        place = QRect(widget.mapTo(page, QPoint(0, 0)), widget.size())
        narrow = isinstance(widget, Button) and widget.width() < widget.sizeHint().width()
        if narrow or place.left() < 0 or place.right() >= page.width():
            found.append(f"{type(widget).__name__} {widget.accessibleName() or widget.text()}")
    return found


def test_what_is_asked_for_and_stands_in_a_hidden_panel_brings_the_panel(
    qtbot: QtBot, opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.go(Workspace.REVIEW)
    panel = opened.review.panel
    press(opened, Qt.Key.Key_N)
    for width in (1500, 700):
        sized(qtbot, opened, width)
        for key, held, shown in (
            (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier, panel.run_panel),
            (Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier, panel.detail.comment),
        ):
            if opened.panels.shown:
                opened.panels.switch()
            assert not panel.isVisible()
            press(opened, key, held)
            assert shown.isVisible()
            assert not shown.visibleRegion().isEmpty()
        assert QApplication.focusWidget() is panel.detail.comment
        press(opened, Qt.Key.Key_Escape)
        opened.canvas.setFocus()


def test_views_have_their_own_width_at_once_where_the_panel_beside_them_changes_its(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opened.go(Workspace.REVIEW)
    sized(qtbot, opened, 1500)
    page, panel = opened.review, opened.review.findChild(ReviewPanel)
    assert panel is not None
    before = panel.width()
    # Nothing else is heard of before the views are painted.
    page.resize(1700, page.height())
    assert panel.width() > before
    assert opened.canvas.mapTo(page, QPoint(opened.canvas.width(), 0)).x() < panel.mapTo(page, QPoint(0, 0)).x()
    assert panel.mapTo(page, QPoint(panel.width(), 0)).x() == page.width()


@pytest.mark.parametrize("width", [640, 720, 800, 960, 1024, 1280, 1600])
def test_no_button_of_any_page_is_cut_off(qtbot: QtBot, opened: MainWindow, width: int) -> None:
    for place in (Workspace.LIBRARY, Workspace.REVIEW, Workspace.INSPECT):
        opened.go(place)
        sized(qtbot, opened, width, 600 if width > 700 else 360)
        assert not cut_off(opened.top), place
        if place is Workspace.REVIEW:
            assert not cut_off(opened.review.toolbar)
        if place is Workspace.LIBRARY:
            for command in ("library.cases", "library.scans"):
                opened.actions_.run(command)
                QApplication.processEvents()
                assert not cut_off(opened.library), command


def test_what_is_new_in_a_row_without_room_for_it_does_not_come_later_on(qtbot: QtBot) -> None:
    bar = QWidget()
    qtbot.addWidget(bar)
    row = QHBoxLayout(bar)
    with qtbot.waitExposed(bar):
        bar.show()
    new = QLabel("What does not fit")
    row.addWidget(new)
    FittedRow([Fitted(new, gone_from=1)], spacing=0, around=0).fit(20)
    qtbot.wait(50)
    assert not new.isVisible()


def test_what_the_toolbar_leaves_out_is_in_its_last_button(qtbot: QtBot, opened: MainWindow) -> None:
    bar: Toolbar = opened.review.toolbar
    (rest,) = bar.findChildren(RestButton)
    sized(qtbot, opened, 1600, 900)
    assert rest.isHidden()

    def commands() -> set[str]:
        return {b.accessibleName() for b in bar.findChildren(IconButton) if not b.isHidden()}

    whole = commands()
    opened.actions_.run("app.panels")
    sized(qtbot, opened, 640, 400)
    if not opened.panels.shown:
        opened.actions_.run("app.panels")
    QApplication.processEvents()
    assert not rest.isHidden()
    gone = whole - commands()
    offered: list[str] = []
    for entry in bar._entries_gone():
        offered += [e for e in (entry.command_ids if isinstance(entry, Submenu) else (entry,)) if isinstance(e, str)]
    titles = {opened.actions_[command].text() for command in offered}
    assert len(gone) >= 4
    assert gone <= titles
    assert "view.cine" in offered
    assert not cut_off(bar)


def test_buttons_without_words_keep_their_name_and_key_in_the_tooltip(qtbot: QtBot, opened: MainWindow) -> None:
    sized(qtbot, opened, 640, 400)
    for button in opened.top.findChildren(Button):
        if not button.isHidden():
            assert button.toolTip()
            assert button.accessibleName()
    review = next(b for b in opened.top.findChildren(Button) if b.text() == "Review")
    assert review.width() < 60
    assert "Ctrl+3" in review.toolTip()


def test_panels_give_way_in_a_narrow_window_and_come_when_asked_for(qtbot: QtBot, opened: MainWindow) -> None:
    sized(qtbot, opened, 1280, 720)
    assert opened.review.panel.isVisible()
    sized(qtbot, opened, 720, 500)
    assert not opened.review.panel.isVisible()
    opened.actions_.run("app.panels")
    assert opened.review.panel.isVisible()
    sized(qtbot, opened, 1280, 720)
    opened.actions_.run("app.panels")
    assert not opened.review.panel.isVisible()
    assert not opened.desk.settings.now.side_panels


@pytest.mark.parametrize("width", [960, 1280, 1920])
def test_windows_of_another_part_of_the_body_are_offered_where_there_is_room(
    qtbot: QtBot, opened: MainWindow, width: int
) -> None:
    opened.go(Workspace.REVIEW)
    sized(qtbot, opened, width, 600)
    session = opened.desk.session
    session.case = None
    view, volume = session.view, session.volume
    assert volume is not None
    for part in ("CHEST", "HEAD", "CHEST"):
        session.volume = evolve(volume, series=evolve(volume.series, body_part=part))
        session.view = view
        qtbot.wait(30)
        assert not cut_off(opened.review.toolbar), part


def test_the_window_is_never_larger_than_a_small_screen() -> None:
    assert least_size(QRect(0, 0, 1920, 1080)) == (960, 600)
    # A title stands above it: of 720 pixels at 150 % there are 480, and the window must not need them all.
    assert least_size(QRect(0, 0, 853, 480)) == (853, 432)
    assert least_size(QRect(0, 0, 640, 360)) == (640, 340)
    assert least_size(QRect(0, 0, 320, 200)) == SMALLEST_SIZE


@pytest.mark.parametrize("width", [640, 853, 1280, 1920])
def test_a_message_is_read_whole_however_narrow_the_window(qtbot: QtBot, opened: MainWindow, width: int) -> None:
    sized(qtbot, opened, width, 500)
    sentence = "The processes that decode compressed images cannot be started, and these images are compressed."
    opened.tell(Message(sentence, "Close other programs and start this one again.", action="Try again"))
    qtbot.waitUntil(lambda: opened.messages.isVisible())
    QApplication.processEvents()
    assert not cut_off(opened.messages)
    shown = [label for label in opened.messages.findChildren(QLabel) if label.isVisible() and label.text()]
    assert [label.text() for label in shown] == [sentence, "Close other programs and start this one again."]
    for label in shown:
        room = QRect(0, 0, label.width(), 1000)
        words = label.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap.value, label.text())
        assert words.width() <= label.width()
        assert words.height() <= label.height()
        assert opened.messages.rect().contains(QRect(label.mapTo(opened.messages, QPoint()), label.size()))
    assert opened.width() == width


@pytest.mark.parametrize(("width", "height"), [(640, 360), (853, 467), (1024, 576)])
def test_settings_are_whole_in_a_low_window_and_scroll(
    qtbot: QtBot, opened: MainWindow, width: int, height: int
) -> None:
    sized(qtbot, opened, width, height)
    opened.asking.settings()
    QApplication.processEvents()
    sheet = opened.asking.settings_sheet
    assert opened.rect().contains(sheet.card.geometry())
    for button in sheet.findChildren(Button):
        assert button.height() >= button.sizeHint().height(), button.text()
        assert button.parentWidget().rect().contains(button.geometry())
    sheet.dismiss()


def _unscrolled(widget: QWidget, card: QWidget) -> QRect:
    """Return where on a card a widget is; of what scrolls the part that is not scrolled away."""
    box = QRect(widget.mapTo(card, QPoint(0, 0)), widget.size())
    within = widget.parentWidget()
    while within is not None and within is not card:
        if isinstance(within, QAbstractScrollArea):
            box &= QRect(within.mapTo(card, QPoint(0, 0)), within.size())
        within = within.parentWidget()
    return box


def lying_on_each_other(sheet: Sheet) -> list[str]:
    """Return what of a sheet lies on another part of it, or beyond its card."""
    seen = [
        w
        for kind in (QLabel, QAbstractButton, QLineEdit, QListView, QPlainTextEdit, HistogramChart)
        for w in sheet.card.findChildren(kind)
        if w.isVisible() and not isinstance(w.parentWidget(), (QListView, QLineEdit))
    ]
    boxes = [(w, box) for w in seen if not (box := _unscrolled(w, sheet.card)).isEmpty()]
    beyond = [type(w).__name__ for w, box in boxes if not sheet.card.rect().contains(box)]
    crossing = [
        f"{type(a).__name__} on {type(b).__name__}"
        for n, (a, one) in enumerate(boxes)
        for b, other in boxes[:n]
        if one.intersects(other)
    ]
    return beyond + crossing


@pytest.mark.parametrize(("width", "height"), [(640, 360), (853, 480), (1280, 720)])
def test_a_sheet_that_holds_a_list_or_a_chart_is_whole_in_a_low_window(
    qtbot: QtBot, opened: MainWindow, findings: tuple[Finding, ...], width: int, height: int
) -> None:
    sized(qtbot, opened, width, height)
    session = opened.desk.session
    opened.asking.palette()
    QTest.keyClicks(opened.asking.palette_sheet.field, "window")
    opened.details.tell("Details", "A long text.\n" * 40)
    opened.actions_.run("compare.choose")
    opened.actions_.run("library.steps") if opened.actions_["library.steps"].isEnabled() else None
    session.view = evolve(view_of(opened), selected_finding=findings[0].id)
    opened.actions_.run("measure.histogram")
    qtbot.waitUntil(lambda: opened.asking.histogram_sheet is not None and opened.asking.histogram_sheet.is_open)
    sheets = [sheet for sheet in opened.findChildren(Sheet) if sheet.is_open]
    assert len(sheets) >= 4
    for sheet in sheets:
        assert lying_on_each_other(sheet) == [], type(sheet).__name__
        assert opened.rect().contains(sheet.card.geometry())


def test_the_frame_of_a_sheets_list_is_whole(qtbot: QtBot, opened: MainWindow) -> None:
    sized(qtbot, opened, 1280, 720)
    opened.actions_.run("file.archive")
    sheet = next(sheet for sheet in opened.findChildren(Sheet) if sheet.is_open)
    QApplication.processEvents()
    for card in sheet.findChildren(Card):
        inside = card.parentWidget()
        assert inside is None or inside.rect().contains(card.geometry())


@pytest.mark.parametrize(("width", "height"), [(640, 340), (853, 480), (1280, 720)])
@pytest.mark.parametrize("command", ["case.leave", "models.choose", "file.archive", "app.geometry"])
def test_what_a_sheet_offers_is_read_whole_in_a_low_window_and_scrolls(
    qtbot: QtBot, opened: MainWindow, case: Case, head: Volume, width: int, height: int, command: str
) -> None:
    sized(qtbot, opened, width, height)
    if command == "case.leave":
        LeavingSheet(opened, opened.theme).ask(case)
    elif command == "file.archive":
        EditSheet(opened, opened.theme, opened.desk.archives).ask(None)
    elif command == "app.geometry":
        reasons = tuple(f"A slice is missing at F {n}.0 mm: what lies there is not known." for n in range(12))
        opened.asking.geometry_sheet.tell(evolve(head, verdict=Verdict.UNTRUSTED, reasons=reasons))
    else:
        opened.actions_.run(command)
    sheet = next(sheet for sheet in opened.findChildren(Sheet) if sheet.is_open)
    QApplication.processEvents()
    assert opened.rect().contains(sheet.card.geometry())
    words = [label for label in sheet.findChildren(QLabel) if label.isVisible() and label.text()]
    assert len(words) > 2
    for label in words:
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        assert label.height() >= needed, label.text()
    for field in sheet.findChildren(QLineEdit):
        assert not field.isVisible() or field.height() >= field.sizeHint().height(), field.placeholderText()
    buttons = [button for button in sheet.findChildren(QAbstractButton) if button.isVisible()]
    for n, button in enumerate(buttons):
        assert button.height() >= button.sizeHint().height(), button.text()
        for other in buttons[:n]:
            if button.parentWidget() is other.parentWidget():
                assert not button.geometry().intersects(other.geometry()), (button.text(), other.text())
    for _ in buttons:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.visibleRegion().boundingRect().height() >= min(focused.height(), 36), focused


@pytest.mark.parametrize("width", [640, 800, 1280])
def test_what_the_pictures_are_not_for_is_read_whole_whatever_stands_beside_it(
    qtbot: QtBot, opened: MainWindow, press: Callable[..., None], width: int
) -> None:
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    sized(qtbot, opened, width, 500)
    opened.status.show_pointer(-1000.0, (-142.4, 115.7, -1010.0))
    QApplication.processEvents()
    words = opened.status.banner.words
    assert words.text() == "Synthetic · Not for diagnostic use"
    shown = [label for label in opened.status.findChildren(QLabel) if label.isVisible() and label.text()]
    assert {"−1000 HU", words.text()} <= {label.text() for label in shown}
    for label in shown:
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()), label.text()
    if width == 1280:
        assert "R 142.4  P 115.7  F 1010.0 mm" in {label.text() for label in shown}
        assert any(label.text().startswith("Decisions saved") for label in shown)


def test_panels_of_inspect_share_the_window_where_the_views_wait(qtbot: QtBot, opened: MainWindow) -> None:
    opened.go(Workspace.INSPECT)
    sized(qtbot, opened, 853, 467)
    page = opened.inspect
    qtbot.waitUntil(lambda: page.width() == 853)
    opened.actions_.run("app.panels")
    qtbot.wait(30)
    assert page._left.isVisible()
    assert not page.host.isVisible()
    gaps = page.width() - page._left.width() - page._side.width()
    assert 0 <= gaps <= 2


def test_the_bar_below_tells_of_the_library_while_that_is_looked_at_also_with_a_scan_open(opened: MainWindow) -> None:
    opened.library.fill()
    opened.go(Workspace.LIBRARY)
    assert opened.status._facts.whole.endswith("on this computer")
    opened.go(Workspace.REVIEW)
    assert opened.status._facts.whole.startswith("30 images")


@pytest.mark.parametrize(("wide", "said"), [(360, "Search titles and findings"), (180, "Search")])
def test_the_hint_of_a_search_is_read_whole_at_any_width(theme: Theme, qtbot: QtBot, wide: int, said: str) -> None:
    search = SearchField(theme, "Search titles and findings", "Ctrl+F", brief="Search")
    qtbot.addWidget(search)
    search.resize(wide, 40)
    search.show()
    assert search.placeholderText() == said
    assert search.accessibleName() == "Search titles and findings"
