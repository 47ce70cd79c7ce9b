"""Below the list: what was found, how far a retrieve is, what all that was received takes, and the buttons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.widgets import Button, Kind, ProgressBar, text_label

if TYPE_CHECKING:
    from viewer.domain.job import Progress
    from viewer.ui.theme import Theme

ENTER, DELETE = "Enter", "Delete"
NOTHING_MARKED = "Mark a study or a series first."


def size_words(count: int) -> str:
    """Return bytes as people read them: "640 MB", "1.2 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


class RetrieveBar(QWidget):
    """`wanted` asks for what is marked, `cancelled` to stop, `removal_wanted` to remove all that was received."""

    wanted = Signal()
    cancelled = Signal()
    removal_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = 0
        self._sure = False
        self._key, self._key_shown = ENTER, False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.summary = text_label("", Type.BODY, "text2")
        self.bar = ProgressBar(theme)
        self.bar.setMinimumWidth(120)
        self.bar.setMaximumWidth(320)
        self.words = text_label("", Type.BODY)
        self.words.setAccessibleName("How far the retrieve is")
        self.cancel = Button(theme, "Cancel")
        self.cancel.setToolTip("Stop; what has arrived is kept, and need not come again")
        self.cancel.setAccessibleName("Stop retrieving")
        self.cancel.clicked.connect(self.cancelled)
        self.remove = Button(theme, "", icon="trash-2", kind=Kind.FLAT)
        self.remove.setToolTip("Remove all images from archives from this computer; what is open stays")
        self.remove.clicked.connect(self._remove)
        self.retrieve = Button(theme, "Retrieve", icon="download", kind=Kind.MAIN)
        self.retrieve.clicked.connect(self.wanted)
        row.addWidget(self.summary)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.remove)
        row.addWidget(self.retrieve)
        self.say_progress(None)
        self.say_size(0)
        self.offer("Retrieve", NOTHING_MARKED, enabled=False)

    def offer(self, words: str, tip: str, *, enabled: bool, key: str = ENTER) -> None:
        """Say what the main button would do, and which key in the list does the same."""
        self.retrieve.set_words(words)
        self.retrieve.setToolTip(tip)
        self.retrieve.setAccessibleName(words)
        self.retrieve.setEnabled(enabled)
        if key != self._key:
            self._key = key
            self.show_key(self._key_shown)

    def show_key(self, shown: bool) -> None:
        """Show on the main button its key, or none where that would go elsewhere."""
        self._key_shown = shown
        self.retrieve.key = self._key if shown else ""
        self.retrieve.updateGeometry()
        self.retrieve.update()

    def say_progress(self, progress: Progress | None) -> None:
        """Show how far a retrieve is, or that none runs."""
        running = progress is not None
        for widget in (self.bar, self.words, self.cancel):
            widget.setVisible(running)
        self.summary.setVisible(not running)
        self.remove.setVisible(not running and self._size > 0)
        if progress is not None:
            self.bar.set_fraction(progress.fraction)
            self.words.setText(progress.what)

    def say_size(self, count: int) -> None:
        """Say how many bytes all that was received takes."""
        self._size, self._sure = count, False
        words = f"{size_words(count)} received"
        self.remove.set_words(words)
        self.remove.setAccessibleName(f"{words}: remove")
        self.remove.setVisible(count > 0 and self.bar.isHidden())

    def _remove(self) -> None:
        if not self._sure:
            self._sure = True
            self.remove.set_words(f"Remove {size_words(self._size)}?")
            self.remove.setAccessibleName(self.remove.text())
            return
        self.removal_wanted.emit()
