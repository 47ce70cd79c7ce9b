"""The operating point as slider, number, and the model's own value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSlider, QWidget

from viewer.domain.count_words import threshold_words
from viewer.ui.fonts import Type, font
from viewer.ui.theme import BAR_CONTROL_HEIGHT, CONTROL_HEIGHT
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

STEPS = 100


class ThresholdRow(QWidget):
    """`wanted` carries the threshold that the user asks for, `default_wanted` asks for the model's own."""

    wanted = Signal(float)
    default_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = 0.5
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(text_label("Threshold", Type.NAME))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName("Threshold")
        self.slider.setToolTip("Findings with a lower score are left out (, and .)")
        self.slider.valueChanged.connect(lambda value: self.wanted.emit(value / STEPS))
        row.addWidget(self.slider, 1)
        self.number = QLineEdit()
        self.number.setFont(font(Type.BODY))
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.number.setFixedSize(76, CONTROL_HEIGHT)
        self.number.setAccessibleName("Threshold as a number")
        self.number.setToolTip("Type a threshold from 0 to 1")
        self.number.returnPressed.connect(self._typed)
        self.number.editingFinished.connect(self._typed)
        row.addWidget(self.number)
        self._default = Button(theme, "Default", icon="rotate-ccw", kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        self._default.setToolTip("Back to the threshold that the model names")
        self._default.setAccessibleName("Default threshold")
        self._default.clicked.connect(self.default_wanted)
        row.addWidget(self._default)

    def set_narrow(self, narrow: bool) -> None:
        """Leave more room to the slider."""
        self._default.set_words("" if narrow else "Default")
        self.number.setFixedWidth(60 if narrow else 76)

    def show_threshold(self, threshold: float) -> None:
        """Show the threshold in force; emits nothing."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(threshold * STEPS))
        self._shown = threshold
        if not (self.number.hasFocus() and self.number.isModified()):
            self.number.setText(threshold_words(threshold))

    def _typed(self) -> None:
        if not self.number.isModified():
            return
        self.number.setModified(False)
        try:
            wanted = float(self.number.text().replace(",", "."))
        except ValueError:
            wanted = math.nan
        if math.isfinite(wanted):
            self.wanted.emit(min(1.0, max(0.0, wanted)))
        else:
            self.number.setText(threshold_words(self._shown))
