from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from viewer.ui.commands import Command
from viewer.ui.sheet import Sheet
from viewer.ui.theme import Theme
from viewer.ui.widgets import Button, FocusRing


class Window(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        theme = Theme()
        middle = QWidget()
        column = QVBoxLayout(middle)
        self.first, self.second, self.field = Button(theme, "One"), Button(theme, "Two"), QLineEdit()
        for widget in (self.first, self.second, self.field):
            column.addWidget(widget)
        self.setCentralWidget(middle)
        self.ring = FocusRing(self, theme)


def window_on_screen(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_tab_shows_the_ring_around_the_control_and_fields_show_focus_themselves(qtbot: QtBot) -> None:
    window = window_on_screen(qtbot)
    window.first.setFocus()
    QTest.keyClick(window.first, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.second
    assert window.ring.isVisible()
    assert window.ring.geometry().center() == window.second.mapTo(window, window.second.rect().center())
    assert window.ring.width() == window.second.width() + 8
    QTest.keyClick(window.second, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.field
    assert not window.ring.isVisible()
    QTest.keyClick(window.field, Qt.Key.Key_Backtab)
    assert window.ring.isVisible()


def test_the_ring_stays_at_a_button_that_moves_when_it_is_pressed(qtbot: QtBot) -> None:
    # What it says above itself pushes it down.
    window = window_on_screen(qtbot)
    window.first.setFocus()
    window.second.clicked.connect(lambda: window.first.setMinimumHeight(120))
    QTest.keyClick(window.first, Qt.Key.Key_Tab)
    before = window.ring.y()
    QTest.keyClick(window.second, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.ring.y() != before)
    assert window.ring.isVisible()
    QTest.mouseClick(window.first, Qt.MouseButton.LeftButton)
    window.first.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not window.ring.isVisible()


def test_the_ring_goes_with_the_keys_to_a_sheet_and_back_again_but_not_for_a_mouse(qtbot: QtBot) -> None:
    window = window_on_screen(qtbot)
    sheet, take = Sheet(window, Theme(), "Rehearsed"), Button(Theme(), "Plan with these times")
    sheet.body.addWidget(take)
    window.second.clicked.connect(lambda: sheet.open(take))
    window.first.setFocus()
    QTest.keyClick(window.first, Qt.Key.Key_Tab)
    QTest.keyClick(window.second, Qt.Key.Key_Space)
    assert window.focusWidget() is take
    assert window.ring.isVisible()
    QTest.keyClick(take, Qt.Key.Key_Escape)
    assert window.focusWidget() is window.second
    assert window.ring.isVisible()
    window.field.setFocus(Qt.FocusReason.MouseFocusReason)
    QTest.mouseClick(window.second, Qt.MouseButton.LeftButton)
    assert window.focusWidget() is take
    assert not window.ring.isVisible()


def test_the_ring_follows_a_control_that_is_scrolled_and_goes_where_it_is_out_of_sight(qtbot: QtBot) -> None:
    window = QMainWindow()
    theme = Theme()
    scroll, column = QScrollArea(), QWidget()
    rows = QVBoxLayout(column)
    buttons = [Button(theme, f"Button {n}") for n in range(12)]
    for button in buttons:
        rows.addWidget(button)
    scroll.setWidget(column)
    window.setCentralWidget(scroll)
    ring = FocusRing(window, theme)
    window.resize(300, 200)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    buttons[0].setFocus()
    for n in range(6):
        QTest.keyClick(buttons[n], Qt.Key.Key_Tab)
        assert window.focusWidget() is buttons[n + 1]
        assert ring.geometry().center() == buttons[n + 1].mapTo(window, buttons[n + 1].rect().center())
    scroll.verticalScrollBar().setValue(scroll.verticalScrollBar().value() - 10)
    assert ring.geometry().center() == buttons[6].mapTo(window, buttons[6].rect().center())
    scroll.verticalScrollBar().setValue(0)
    assert not ring.isVisible()


def test_a_button_follows_its_command(qtbot: QtBot) -> None:
    asked: list[bool] = []
    command = Command("a.accept", "Accept", "Accept the finding", lambda: asked.append(True), shortcuts=("A",))
    action = QAction("Accept")
    action.setToolTip("Accept the finding (A)")
    action.triggered.connect(command.run)
    button = Button.of(Theme(), action, command)
    qtbot.addWidget(button)
    assert (button.text(), button.key, button.toolTip()) == ("Accept", "A", "Accept the finding (A)")
    button.click()
    assert asked == [True]
    action.setEnabled(False)
    assert not button.isEnabled()


def test_the_ring_of_a_control_at_the_windows_edge_is_seen_whole(qtbot: QtBot) -> None:
    window = window_on_screen(qtbot)
    layout = window.centralWidget().layout()
    assert layout is not None
    layout.setContentsMargins(0, 0, 0, 0)
    layout.activate()
    window.first.setFocus()
    QTest.keyClick(window.first, Qt.Key.Key_Tab)
    QTest.keyClick(window.second, Qt.Key.Key_Backtab)
    assert window.focusWidget() is window.first
    assert window.ring.isVisible()
    assert window.rect().contains(window.ring.geometry())
    picture = window.grab().toImage()
    accent = Theme().colour("accent")
    middle = window.ring.geometry().center().x()
    assert any(picture.pixelColor(middle, y) == accent for y in range(window.ring.y(), window.ring.y() + 3))
