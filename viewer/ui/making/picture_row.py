"""The pictures of the step in hand, small, each with a button that takes it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from viewer.ui.present.case_pictures import case_picture
from viewer.ui.widgets import IconButton

if TYPE_CHECKING:
    from viewer.services.draft_pictures import DraftPictures
    from viewer.ui.theme import Theme

HEIGHT = 40


class PictureRow(QWidget):
    """Hidden while the step shows none."""

    def __init__(self, pictures: DraftPictures, theme: Theme) -> None:
        super().__init__()
        self._pictures, self._theme = pictures, theme
        self._shown: tuple[object, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self.setFixedHeight(HEIGHT)
        self.hide()

    def show_pictures(self) -> None:
        """Show what the step in hand names."""
        home, named = self._pictures.home, self._pictures.named
        if (home, named) == self._shown:
            return
        self._shown = (home, named)
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name in named:
            self._add(str(home), name)
        self._row.addStretch()
        self.setVisible(bool(named))

    def _add(self, home: str, name: str) -> None:
        image = case_picture(home, name)
        seen = QLabel()
        seen.setTextFormat(Qt.TextFormat.PlainText)
        if image is None:
            seen.setText("Not there")
            seen.setToolTip("This picture is not there; the audience reads its description.")
        else:
            ratio = self.devicePixelRatioF()
            size = QSize(HEIGHT * 2, HEIGHT) * ratio
            small = QPixmap.fromImage(
                image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            )
            small.setDevicePixelRatio(ratio)
            seen.setPixmap(small)
            seen.setToolTip("A picture on the card of this step")
        seen.setAccessibleName("A picture on the card of this step")
        out = IconButton(self._theme, "x", "Take this picture out of the narration; undo brings it back", size=28)
        out.clicked.connect(lambda: self._pictures.remove(name))
        self._row.addWidget(seen)
        self._row.addWidget(out)
        self._row.addSpacing(8)
