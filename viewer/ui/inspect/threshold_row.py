"""The operating point as slider, number, and the model's own value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.theme import BAR_CONTROL_HEIGHT
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
        self.number = QDoubleSpinBox()
        self.number.setFont(font(Type.BODY))
        self.number.setRange(0.0, 1.0)
        self.number.setDecimals(2)
        self.number.setSingleStep(0.01)
        self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.number.setFixedWidth(76)
        self.number.setAccessibleName("Threshold as a number")
        self.number.setKeyboardTracking(False)
        self.number.valueChanged.connect(self.wanted)
        row.addWidget(self.number)
        default = Button(theme, "Default", icon="rotate-ccw", kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        default.setToolTip("Back to the threshold that the model names")
        default.clicked.connect(self.default_wanted)
        row.addWidget(default)

    def show_threshold(self, threshold: float) -> None:
        """Show the threshold in force; emits nothing."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(round(threshold * STEPS))
            self.number.setValue(threshold)
