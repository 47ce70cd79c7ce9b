"""What the user can choose: the reader's name, theme, size, motion, identity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from viewer.domain.errors import StorageError
from viewer.services.kept_rule import LEAST_IOU, MOST_ML, rule_of
from viewer.ui.fonts import Type, font
from viewer.ui.sheet import EDGE_PX, Sheet
from viewer.ui.tall import Tall
from viewer.ui.theme import BAR_CONTROL_HEIGHT, CONTROL_HEIGHT, SCROLL_BAR_WIDTH, ThemeName
from viewer.ui.widgets import Button, Kind, Segmented, text_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import SignalInstance

    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

LABEL_WIDTH = 176
NUMBER_WIDTH = 88
# The sheet's title and the margins around its rows.
HEAD_PX, LEAST_ROWS_PX = 92, 120
# Where the window is low the rows come nearer to each other before they scroll.
LEAST_SPACING_PX = 8
# Of the card's margin, what holds the bar that scrolls, clear of the rows.
BAR_PX = SCROLL_BAR_WIDTH + 4
SCALES = (1.0, 1.25, 1.5, 2.0)
OFF, ON = "off", "on"


class SettingsSheet(Sheet):
    """The settings; each takes effect at once and is kept."""

    failed = Signal(object)
    conventions_wanted = Signal()
    hanging_wanted = Signal()

    def __init__(self, window: QWidget, theme: Theme, desk: Desk) -> None:
        super().__init__(window, theme, "Settings", width=640)
        self._desk = desk
        rows = QWidget()
        rows.setProperty("surface", "panel")
        self._rows = QVBoxLayout(rows)
        self._rows.setContentsMargins(0, 0, BAR_PX, 0)
        margins = self.body.contentsMargins()
        self.body.setContentsMargins(margins.left(), margins.top(), margins.right() - BAR_PX, margins.bottom())
        self._rows.setSpacing(self.body.spacing())
        self._tall = Tall()
        self._tall.hold(rows, 0)
        self._tall.keep_width(self._rows)
        self.body.addWidget(self._tall)
        self.reader = QLineEdit()
        self.reader.setFont(font(Type.BODY))
        self.reader.setPlaceholderText("Stands in decisions and exports")
        self.reader.setFixedHeight(CONTROL_HEIGHT)
        self.reader.editingFinished.connect(lambda: self._change(reader=self.reader.text().strip()))
        self._row("Reader", self.reader, stretch=True)
        self._themes = Segmented(theme, ((ThemeName.DARK, "Dark", ""), (ThemeName.LIGHT, "Light, bright rooms", "")))
        self._themes.chosen.connect(lambda name: self._change(theme=name))
        self._row("Theme", self._themes)
        self._scales = Segmented(theme, tuple((f"{s:g}", f"{s * 100:.0f} %", "") for s in SCALES))
        self._scales.chosen.connect(lambda name: self._change(interface_scale=float(name)))
        self._row("Interface size", self._scales)
        self._later = text_label("Takes effect at the next start.", Type.CAPTION, "text2")
        self._later.setContentsMargins(LABEL_WIDTH, 0, 0, 0)
        self._later.hide()
        self._rows.addWidget(self._later)
        self.motion = self._switch(
            "Reduce motion", "Steps and findings change at once", lambda on: self._change(reduce_motion=on)
        )
        self.presenter = self._switch(
            "Presenter’s window",
            "Opens by itself where there is a second screen",
            lambda on: self._change(presenter_opens=on),
        )
        self.masked = self._switch("Hide identity", "Present always hides it", self._set_masked)
        self.overlap = self._number(
            "Match from overlap",
            "Inspect: IoU from which a lesion is found",
            lambda value: self._change(match_overlap=min(max(value, LEAST_IOU), 1.0)),
        )
        self.least_lesion = self._number(
            "Smallest lesion, mL",
            "Inspect: true lesions below it do not count",
            lambda value: self._change(least_lesion_ml=min(max(value, 0.0), MOST_ML)),
        )
        for name, what, wanted in (
            ("Keys, mouse, windows", "A file with all of them, to be changed", self.conventions_wanted),
            ("Hanging rules", "How scans are shown when they open", self.hanging_wanted),
        ):
            self._file(name, what, wanted)

    def ask(self) -> None:
        """Show the choices in force."""
        now = self._desk.settings.now
        self.reader.setText(now.reader)
        self._themes.choose(now.theme)
        self._scales.choose(f"{now.interface_scale:g}")
        self.motion.choose(ON if now.reduce_motion else OFF)
        self.presenter.choose(ON if now.presenter_opens else OFF)
        self.masked.choose(ON if now.masked else OFF)
        self._show_rule()
        self._later.hide()
        self._fit()
        self.open(self.reader)

    def _show_rule(self) -> None:
        rule = rule_of(self._desk.settings.now)
        self.overlap.setText(f"{rule.least_iou:g}")
        self.least_lesion.setText(f"{rule.least_truth_ml:g}")

    def _fit(self) -> None:
        """Let the rows scroll in a window that is lower than they are."""
        over = self.parentWidget()
        for spacing in (self.body.spacing(), LEAST_SPACING_PX):
            self._rows.setSpacing(spacing)
            need = self._rows.sizeHint().height()
            room = over.height() - 2 * EDGE_PX - HEAD_PX if over is not None else need
            if need <= room:
                break
        self._tall.need(need)
        self._tall.setFixedHeight(max(min(need, room), LEAST_ROWS_PX))

    def _row(self, name: str, widget: QWidget, *, stretch: bool = False) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        label = text_label(name, Type.BODY, "text2")
        label.setFixedWidth(LABEL_WIDTH)
        row.addWidget(label)
        row.addWidget(widget, 1 if stretch else 0)
        if not stretch:
            row.addStretch()
        self._rows.addLayout(row)
        return row

    def _switch(self, name: str, what: str, change: Callable[[bool], None]) -> Segmented:
        switch = Segmented(self.theme, ((OFF, "Off", ""), (ON, "On", "")))
        switch.chosen.connect(lambda choice: change(choice == ON))
        row = self._row(name, switch)
        row.insertSpacing(2, 12)
        row.insertWidget(3, _hint(what), 1)
        return switch

    def _number(self, name: str, what: str, change: Callable[[float], None]) -> QLineEdit:
        field = QLineEdit()
        field.setFont(font(Type.BODY))
        field.setFixedSize(NUMBER_WIDTH, CONTROL_HEIGHT)
        field.setAccessibleName(name)

        def typed() -> None:
            try:
                value = float(field.text().replace(",", "."))
            except ValueError:
                value = math.nan
            if math.isfinite(value):
                change(value)
            self._show_rule()

        field.editingFinished.connect(typed)
        row = self._row(name, field)
        row.insertSpacing(2, 12)
        row.insertWidget(3, _hint(what), 1)
        return field

    def _file(self, name: str, what: str, wanted: SignalInstance) -> None:
        button = Button(self.theme, "Edit…", height=BAR_CONTROL_HEIGHT)
        button.setToolTip(f"{name}: open the file in your editor")
        button.setAccessibleName(f"Edit {name.lower()}")
        button.clicked.connect(self.dismiss)
        button.clicked.connect(wanted)
        row = self._row(name, button)
        row.insertSpacing(2, 12)
        row.insertWidget(3, _hint(what), 1)

    def _set_masked(self, on: bool) -> None:
        self._desk.session.masked = on
        self._change(masked=on)

    def _change(self, **fields: object) -> None:
        self._later.setVisible("interface_scale" in fields)
        try:
            self._desk.settings.change(**fields)
        except StorageError as error:
            self.failed.emit(error)
        self._fit()
        self.place()


def _hint(what: str) -> QLabel:
    """Return what a setting does in words, on two lines where there is little room."""
    label = text_label(what, Type.CAPTION, "text2")
    label.setWordWrap(True)
    return label


class ReaderSheet(Sheet):
    """Asks once under which name decisions are kept; `named` carries it."""

    named = Signal(str)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Who is reading?", width=480)
        words = text_label("The name stands with every decision and in exports. It is asked once.", Type.BODY, "text2")
        words.setWordWrap(True)
        self.body.addWidget(words)
        self.field = QLineEdit()
        self.field.setFont(font(Type.BODY))
        self.field.setPlaceholderText("Your name or initials")
        self.field.setAccessibleName("Your name or initials")
        self.field.setFixedHeight(CONTROL_HEIGHT)
        self.field.returnPressed.connect(self._accept)
        self.body.addWidget(self.field)
        row = QHBoxLayout()
        row.addStretch()
        self._keep = Button(theme, "Go on", key="Return", kind=Kind.MAIN)
        self._keep.setToolTip("Keep the name and go on")
        self._keep.clicked.connect(self._accept)
        row.addWidget(self._keep)
        self.body.addLayout(row)
        self.field.textChanged.connect(lambda text: self._keep.setEnabled(bool(text.strip())))
        self._begun = ""

    def ask(self) -> None:
        """Ask."""
        self.field.setText(self._begun)
        self._begun = ""
        self._keep.setEnabled(bool(self.field.text().strip()))
        self.open(self.field)

    def put_aside(self) -> str:
        """Close it; a name that was begun is there when it is asked for again."""
        self._begun = self.field.text() if self.is_open else self._begun
        return super().put_aside()

    def _accept(self) -> None:
        name = self.field.text().strip()
        if name:
            self.dismiss()
            self.named.emit(name)
