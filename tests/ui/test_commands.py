import time
from collections.abc import Callable

import pytest
import shiboken6
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from viewer.domain.geometry import PlaneName
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Cut3D, Layout, OverlayMode
from viewer.domain.window_presets import PRESETS
from viewer.ui.commands import EVERYWHERE, Command, CommandActions, CommandTable, Submenu, key_words, shortcut_words
from viewer.ui.looking_3d import MENU_3D
from viewer.ui.overlay_commands import HOLD_S
from viewer.ui.theme import Theme
from viewer.ui.view_commands import CANVAS_MENU, view_commands


def command(ident: str, run: Callable[[], object] = lambda: None, **more: object) -> Command:
    return Command(ident, ident.title(), f"Do {ident}", run, **more)


class Window(QMainWindow):
    """A window with a text field, a list, a slider, and the commands of looking."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.table = CommandTable(view_commands(session, lambda: None))
        self.actions_of = CommandActions(self, self.table, Theme(), lambda: session.workspace)
        self.field, self.rows, self.slider = QLineEdit(), QListWidget(), QSlider(Qt.Orientation.Horizontal)
        self.rows.addItems(["one", "two", "three"])
        middle = QWidget()
        column = QVBoxLayout(middle)
        for widget in (self.field, self.rows, self.slider):
            column.addWidget(widget)
        self.setCentralWidget(middle)


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> Window:
    made = Window(session)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def axial_mm(session: Session) -> float:
    assert session.view is not None
    return session.view.cursor_lps_mm[2]


def test_every_command_of_looking_has_a_tooltip_a_handler_and_a_key_of_its_own(session: Session) -> None:
    table = CommandTable(view_commands(session, lambda: None))
    assert len(table) > 30
    for each in table:
        assert each.title
        assert len(each.tooltip) > 8
        assert callable(each.run)
    for entry in (*CANVAS_MENU, *MENU_3D):
        for ident in entry.command_ids if isinstance(entry, Submenu) else (entry,):
            assert ident is None or table[ident]


def test_a_key_taken_twice_in_one_workspace_is_refused() -> None:
    with pytest.raises(ValueError, match="taken twice in review"):
        CommandTable(
            (
                command("a.one", shortcuts=("Ctrl+K",)),
                command("a.two", shortcuts=("Ctrl+K",), contexts=(Workspace.REVIEW,)),
            )
        )


def test_the_same_key_may_do_different_things_in_different_workspaces() -> None:
    table = CommandTable(
        (
            command("a.one", shortcuts=("PgDown",), contexts=(Workspace.PRESENT,)),
            command("a.two", shortcuts=("PgDown",), contexts=(Workspace.REVIEW,)),
        )
    )
    assert [c.id for c in table.offered(Workspace.PRESENT)] == ["a.one"]


def test_a_command_without_tooltip_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        CommandTable((Command("a.one", "One", "", lambda: None),))


def test_keys_are_written_as_people_read_them() -> None:
    assert shortcut_words(command("a", shortcuts=("Shift+Up",))) == "Shift+↑"
    assert key_words("-") == "−"
    assert shortcut_words(command("a")) == ""


@pytest.mark.parametrize(
    ("key", "width", "level"),
    [
        ("1", 400, 40),
        ("2", 1500, -600),
        ("3", 150, 90),
        ("4", 2500, 480),
        ("5", 80, 40),
        ("6", 200, 75),
        ("7", 600, 170),
    ],
)
def test_number_keys_choose_the_window_presets(
    window: Window, session: Session, key: str, width: float, level: float
) -> None:
    QTest.keyClicks(window, key)
    assert session.view is not None
    assert (session.view.window_width, session.view.window_centre) == (width, level)
    assert window.actions_of[f"view.preset_{key}"].isChecked()


def test_presets_cover_the_seven_keys() -> None:
    assert [key for key, _ in PRESETS] == list("1234567")


def test_the_down_key_goes_one_image_towards_the_feet_and_shift_ten(window: Window, session: Session) -> None:
    start = axial_mm(session)
    QTest.keyClick(window, Qt.Key.Key_Down)
    assert axial_mm(session) == pytest.approx(start - 2.5)
    QTest.keyClick(window, Qt.Key.Key_Up)
    QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert axial_mm(session) == pytest.approx(start - 25)
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert axial_mm(session) == pytest.approx(10 + 39 * 2.5)
    QTest.keyClick(window, Qt.Key.Key_End)
    assert axial_mm(session) == pytest.approx(10)


def test_keys_work_after_a_slider_had_the_focus(window: Window, session: Session) -> None:
    window.slider.setFocus()
    start = axial_mm(session)
    QTest.keyClick(window.slider, Qt.Key.Key_Down)
    assert axial_mm(session) < start


def test_a_text_field_keeps_all_typing(window: Window, session: Session) -> None:
    window.field.setFocus()
    before = session.view
    QTest.keyClicks(window.field, "g i2 T+-=")
    QTest.keyClick(window.field, Qt.Key.Key_Home)
    QTest.keyClick(window.field, Qt.Key.Key_Up)
    assert window.field.text() == "g i2 T+-="
    assert session.view == before


def test_a_text_field_keeps_all_typing_also_after_a_dialog_with_a_field_was_there(
    window: Window, session: Session
) -> None:
    before = session.view
    dialog = QDialog()
    field = QLineEdit(dialog)
    dialog.show()
    focused = QApplication.instance()
    assert isinstance(focused, QApplication)
    # As Qt tells it where the active window goes before the field does.
    focused.focusChanged.emit(None, field)
    shiboken6.delete(dialog)
    window.field.setFocus()
    focused.focusChanged.emit(None, window.field)
    QTest.keyClicks(window.field, "1g4")
    assert window.field.text() == "1g4"
    assert session.view == before


def test_a_focused_list_keeps_its_arrows_and_gives_letters_away(window: Window, session: Session) -> None:
    window.rows.setFocus()
    window.rows.setCurrentRow(0)
    before = session.view
    QTest.keyClick(window.rows, Qt.Key.Key_Down)
    assert window.rows.currentRow() == 1
    assert session.view == before
    QTest.keyClick(window.rows, Qt.Key.Key_I)
    assert session.view is not None
    assert session.view.invert


def test_keys_of_another_workspace_do_nothing(window: Window, session: Session) -> None:
    session.workspace = Workspace.LIBRARY
    window.actions_of.refresh()
    before = session.view
    QTest.keyClick(window, Qt.Key.Key_I)
    assert session.view == before
    assert not window.actions_of.run("view.invert")


def test_a_command_that_cannot_be_asked_for_says_why(window: Window, session: Session) -> None:
    session.view = None
    window.actions_of.refresh()
    action = window.actions_of["view.invert"]
    assert not action.isEnabled()
    assert "Nothing is open." in action.toolTip()


def test_g_switches_the_overlay_and_holding_it_only_hides(
    window: Window, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def overlay() -> OverlayMode:
        assert session.view is not None
        return session.view.overlay

    QTest.keyClick(window, Qt.Key.Key_G)
    assert overlay() is OverlayMode.OFF
    QTest.keyClick(window, Qt.Key.Key_G)
    assert overlay() is OverlayMode.OUTLINE
    QTest.keyPress(window, Qt.Key.Key_G)
    assert overlay() is OverlayMode.OFF
    later = time.monotonic() + 2 * HOLD_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    # A display that repeats keys says "let go" and "pressed" again and again while the key is down.
    for _ in range(3):
        QTest.keyRelease(window, Qt.Key.Key_G)
        QTest.keyPress(window, Qt.Key.Key_G)
        assert overlay() is OverlayMode.OFF
    QTest.keyRelease(window, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: overlay() is OverlayMode.OUTLINE)


def test_space_brings_the_whole_volume_back_and_keeps_window_and_place(window: Window, session: Session) -> None:
    assert session.view is not None
    whole = session.view
    session.view = evolve(whole.looking_at((1.0, 2.0, 30.0), height_mm=20.0), window_width=80.0, slab_mm=10.0)
    session.view = evolve(session.view, box_3d=((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), preset_3d="muscle")
    session.view = evolve(session.view, cuts_3d=(Cut3D(PlaneName.AXIAL, 1),))
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert session.view.axial == whole.axial
    assert session.view.slab_mm == 0
    assert session.view.box_3d is None
    assert session.view.cuts_3d == ()
    assert session.view.preset_3d == "muscle"
    assert session.view.window_width == 80.0
    assert session.view.cursor_lps_mm == (1.0, 2.0, 30.0)


def test_a_menu_offers_what_exists_here_with_its_state(window: Window, session: Session) -> None:
    assert session.view is not None
    session.view = evolve(session.view, layout=Layout.FOUR)
    menu = window.actions_of.menu(("view.layout_four", None, "view.invert"), window)
    texts = [(a.text(), a.isChecked()) for a in menu.actions() if not a.isSeparator()]
    assert texts == [("Four views", True), ("Invert", False)]


def test_every_key_is_one_that_keyboards_have(session: Session) -> None:
    for each in CommandTable(view_commands(session, lambda: None)):
        for shortcut in each.shortcuts:
            assert not QKeySequence(shortcut).isEmpty()
    assert Workspace.LIBRARY in EVERYWHERE
