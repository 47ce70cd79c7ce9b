"""The one table of colours, dark and light, and the style sheet that is filled from it.

`Theme` is passed to every widget. `theme.colour("accent")` gives a QColor, `theme.on_anatomy("agree")` the value for
drawing on pictures (always the dark theme's), `theme.style_sheet()` the sheet for the application. `theme.name = …`
switches; `apply_theme(app, theme)` follows the switch, and every widget then gets a `StyleChange`.
"""

from __future__ import annotations

from enum import StrEnum
from string import Template
from typing import TYPE_CHECKING

from psygnal import Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QToolTip

from viewer.ui.fonts import Type, font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


class ThemeName(StrEnum):
    """Which column of the table is in use."""

    DARK = "dark"
    LIGHT = "light"


# role: (dark, light). Contrast of every text role on every surface it may stand on is held by a test.
COLOURS: dict[str, tuple[str, str]] = {
    "viewport": ("#000000", "#000000"),
    "window": ("#0E1013", "#F3F5F7"),
    "panel": ("#15181C", "#FFFFFF"),
    "control": ("#1D2126", "#FFFFFF"),
    "hover": ("#262B32", "#E6EAEE"),
    "selected": ("#17324A", "#D6E8FA"),
    "hairline": ("#2E343C", "#C9D0D8"),
    "field": ("#7A8490", "#69737D"),
    "text": ("#DCE1E6", "#14181C"),
    "text2": ("#A7B0BA", "#48515A"),
    "text3": ("#8B95A1", "#5A646E"),
    "disabled": ("#5F6872", "#8E98A2"),
    "accent": ("#4DB3FF", "#0B5CAD"),
    "accent_text": ("#06131F", "#FFFFFF"),
    "accent_hover": ("#73C4FF", "#0A4F95"),
    "accent_pressed": ("#2F98E8", "#083F78"),
    "agree": ("#16AD88", "#00695A"),
    "disagree": ("#F58A2B", "#A84300"),
    "open": ("#F7B0DC", "#9A2377"),
    "to_decide": ("#A7B0BA", "#48515A"),
    "to_decide_line": ("#DCE1E6", "#48515A"),
    "axial": ("#FF6B60", "#FF6B60"),
    "sagittal": ("#F2D14B", "#F2D14B"),
    "coronal": ("#5FD068", "#5FD068"),
    "failed": ("#FF6B60", "#B3261E"),
    "casing": ("#000000", "#000000"),
}
CASING_OPACITY = 0.55
PLATE_OPACITY = 0.72

RADIUS_BADGE = 4
RADIUS_CONTROL = 6
RADIUS_CARD = 8
CONTROL_HEIGHT = 40
BAR_CONTROL_HEIGHT = 36
STAGE_CONTROL_HEIGHT = 56
FOCUS_WIDTH = 2
SCROLL_BAR_WIDTH = 12
FOCUS_DISTANCE = 2


class Theme:
    """Colours of the interface by role; `changed` is emitted with the new name after a switch."""

    changed = Signal(object)

    def __init__(self, name: str = ThemeName.DARK) -> None:
        self._name = ThemeName(name)

    @property
    def name(self) -> ThemeName:
        """The theme in use."""
        return self._name

    @name.setter
    def name(self, new: str) -> None:
        if new in tuple(ThemeName) and ThemeName(new) is not self._name:
            self._name = ThemeName(new)
            self.changed.emit(self._name)

    @property
    def dark(self) -> bool:
        """True in the dark theme."""
        return self._name is ThemeName.DARK

    def hex(self, role: str) -> str:
        """Return a role's colour as #RRGGBB."""
        return COLOURS[role][0 if self.dark else 1]

    def colour(self, role: str, opacity: float = 1.0) -> QColor:
        """Return a role's colour in the theme in use."""
        return _with_opacity(QColor(self.hex(role)), opacity)

    def on_anatomy(self, role: str, opacity: float = 1.0) -> QColor:
        """Return a role's colour for drawing on pictures: the dark theme's, in both themes."""
        return _with_opacity(QColor(COLOURS[role][0]), opacity)

    def style_sheet(self) -> str:
        """Return the application's style sheet."""
        return Template(_SHEET).substitute({role: self.hex(role) for role in COLOURS}, scroll_bar=SCROLL_BAR_WIDTH)

    def palette(self) -> QPalette:
        """Return the palette for what the style sheet does not reach."""
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.Base: "panel",
            QPalette.ColorRole.AlternateBase: "control",
            QPalette.ColorRole.Button: "control",
            QPalette.ColorRole.ToolTipBase: "control",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.PlaceholderText: "text3",
            QPalette.ColorRole.Highlight: "selected",
            QPalette.ColorRole.HighlightedText: "text",
            QPalette.ColorRole.Link: "accent",
        }
        for place, role in roles.items():
            palette.setColor(place, self.colour(role))
        for place in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, place, self.colour("disabled"))
        return palette


# Arguments for Qt. To have it told in which style it draws takes a hundredth of the wait for the window.
IN_FUSION = ("-style", "fusion")


def _with_opacity(colour: QColor, opacity: float) -> QColor:
    colour.setAlphaF(opacity)
    return colour


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the application its font and the theme's palette and sheet, now and after every switch.

    The sheet stands on the style that `IN_FUSION` starts the application with.
    """

    def apply(_name: object = None) -> None:
        app.setPalette(theme.palette())
        app.setStyleSheet(theme.style_sheet())

    app.setFont(font(Type.BODY))
    QToolTip.setFont(font(Type.CAPTION))
    theme.changed.connect(apply)
    apply()


# Labels choose their tone by the property `tone` (text, text2, text3, accent, agree, disagree, open, failed), frames
# their surface by the property `surface` (window, panel, card, control, viewport). Fonts are set by fonts.font alone.
_SHEET = """
QMainWindow, QDialog, QWidget[surface="window"] { background: $window; }
QWidget { color: $text; }
QWidget[surface="panel"] { background: $panel; }
QWidget[surface="control"] { background: $control; }
QWidget[surface="viewport"] { background: $viewport; }
QFrame[surface="card"] { background: $panel; border: 1px solid $hairline; border-radius: 8px; }
QFrame[surface="card"][over="true"] { border-color: $accent; }
QFrame[line="true"] { background: $hairline; border: none; }
QLabel { background: transparent; color: $text; }
QLabel[tone="text2"] { color: $text2; }
QLabel[tone="text3"] { color: $text3; }
QLabel[tone="accent"] { color: $accent; }
QLabel[tone="agree"] { color: $agree; }
QLabel[tone="disagree"] { color: $disagree; }
QLabel[tone="open"] { color: $open; }
QLabel[tone="failed"] { color: $failed; }
QLabel:disabled { color: $disabled; }
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox {
    background: $panel; color: $text; border: 1px solid $field; border-radius: 6px;
    padding: 4px 12px; min-height: 30px; selection-background-color: $selected; selection-color: $text;
}
QPlainTextEdit, QTextEdit { padding: 8px; }
QTextBrowser { background: transparent; border: none; padding: 0px; }
QLineEdit:hover, QPlainTextEdit:hover { background: $control; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border: 1px solid $accent;
}
QLineEdit:disabled, QPlainTextEdit:disabled { color: $disabled; }
QComboBox {
    background: $control; color: $text; border: 1px solid $hairline; border-radius: 6px;
    padding: 4px 12px; min-height: 30px;
}
QComboBox:hover { background: $hover; border-color: $field; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox QAbstractItemView {
    background: $control; border: 1px solid $hairline; selection-background-color: $selected; outline: none;
    padding: 4px;
}
QCheckBox, QRadioButton { spacing: 8px; min-height: 32px; background: transparent; }
QMenu { background: $control; border: 1px solid $hairline; border-radius: 6px; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; color: $text; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $disabled; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $hairline; margin: 6px 4px; }
QToolTip { background: $control; color: $text; border: 1px solid $hairline; padding: 6px 8px; }
QAbstractItemView { background: $panel; border: none; outline: none; selection-background-color: $selected;
    selection-color: $text; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $text2; border: none; border-bottom: 1px solid $hairline;
    padding: 6px 8px; }
QTableView { gridline-color: $hairline; }
QTableView::item { border-bottom: 1px solid $hairline; padding: 0px 8px; }
QTableView::item:hover, QListView::item:hover { background: $hover; }
QTableView::item:selected, QListView::item:selected { background: $selected; color: $text; }
QListView::item { border-left: 3px solid transparent; }
QListView::item:selected { border-left-color: $accent; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: ${scroll_bar}px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: ${scroll_bar}px; margin: 2px; }
QScrollBar::handle { background: $field; border-radius: 4px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: $text3; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider { min-height: 32px; background: transparent; }
QSlider::groove:horizontal { height: 4px; background: $hairline; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; width: 16px; height: 16px; margin: -6px 0px; border-radius: 8px; }
QSlider::handle:horizontal:hover { background: $accent_hover; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $disabled; }
QSplitter::handle { background: $hairline; }
"""
