"""Where a CT folder is dropped or browsed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.icons import IconBox
from viewer.ui.theme import RADIUS_CARD
from viewer.ui.widgets import Button, rounded, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme


class DropCard(QWidget):
    """The last card of the library: dashed, with the ways to open a scan. The window itself takes the drop."""

    folder_wanted = Signal()
    file_wanted = Signal()
    picked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selected = False
        self._over = False
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch()
        self._icon = IconBox(theme, 40)
        title = text_label("Drop a CT folder here", Type.CARD_TITLE)
        lines = text_label(
            "DICOM folder, zip, DICOMDIR,\nNIfTI, NRRD or MHA.\nNothing leaves this computer.", Type.BODY, "text2"
        )
        for label in (title, lines):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._icon)
        column.addSpacing(8)
        column.addWidget(title)
        column.addWidget(lines)
        column.addSpacing(16)
        row = QHBoxLayout()
        row.setSpacing(8)
        folder = Button(theme, "Browse…", icon="folder-open")
        folder.setToolTip("Choose a folder of DICOM files (Ctrl+O)")
        folder.clicked.connect(self.folder_wanted)
        file = Button(theme, "One file…", icon="file-text")
        file.setToolTip("Choose a zip, DICOMDIR, NIfTI, NRRD, MHA or DICOM file (Ctrl+Shift+O)")
        file.clicked.connect(self.file_wanted)
        row.addStretch()
        row.addWidget(folder)
        row.addWidget(file)
        row.addStretch()
        column.addLayout(row)
        column.addStretch()
        theme.changed.connect(self._recolour)
        self._recolour()

    @property
    def selected(self) -> bool:
        """True while it is the picked card."""
        return self._selected

    @selected.setter
    def selected(self, selected: bool) -> None:
        self._selected = selected
        self.update()

    def show_over(self, over: bool) -> None:
        """Show that what is dragged would be taken here."""
        self._over = over
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pick the card."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the dashed frame."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            role = "accent" if self._selected or self._over else "field"
            pen = QPen(self._theme.colour(role), 2, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([4, 3])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.setBrush(self._theme.colour("selected") if self._over else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rounded(QRectF(self.rect()), 2), RADIUS_CARD, RADIUS_CARD)

    def _recolour(self) -> None:
        self._icon.show_icon("folder-input", "text2")
