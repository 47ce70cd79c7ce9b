"""What the presenter says: the step's notes, large, or an answer that was prepared; never on the stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout

from viewer.domain.presenter_notes import parse_notes
from viewer.ui.fonts import Type, font
from viewer.ui.presenter.cue_field import CueField
from viewer.ui.presenter.words import masked
from viewer.ui.widgets import Button, Card, ElidedLabel, IconButton, Kind

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.domain.presenter_notes import PreparedAnswer
    from viewer.services.desk import Desk
    from viewer.services.rehearsing import Rehearsing
    from viewer.ui.theme import Theme

SMALLEST_PX, LARGEST_PX, BY_PX = 20, 40, 2
GAP_SHARE = 0.35
_BLANK = re.compile(r"\n\s*\n")
NO_NOTES = "This step has no notes."
_SCROLLING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space})


def notes_size(wanted: int) -> int:
    """Return a size of notes within 20 to 40 px."""
    return min(max(wanted, SMALLEST_PX), LARGEST_PX)


class _Text(QTextBrowser):
    """Text to read; with the focus it scrolls by the arrows."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            scrolls = self.verticalScrollBar().maximum() > 0
            if scrolls and not event.modifiers() and event.key() in _SCROLLING:
                event.accept()
                return True
        return super().event(event)


class NotesPanel(Card):
    """Notes or an answer. `sized` carries a new size in px, `jumped` the step from 0 that an answer names."""

    sized = Signal(int)
    jumped = Signal(int)

    def __init__(self, desk: Desk, theme: Theme, rehearsing: Rehearsing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._rehearsing = desk, rehearsing
        self._size_px = notes_size(desk.settings.now.notes_px)
        self._answer: PreparedAnswer | None = None
        self._step_id: str | None = None
        self._tiny = False
        column = self._column = QVBoxLayout(self)
        # The text keeps clear of the ring around it when it has the focus.
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.setContentsMargins(8, 0, 0, 0)
        self.title = ElidedLabel("Notes", Type.PANEL_TITLE)
        head.addWidget(self.title, 1)
        self.go_there = Button(theme, "", icon="arrow-right", kind=Kind.NORMAL)
        self.go_there.clicked.connect(self._jump)
        head.addWidget(self.go_there)
        self.back = Button(theme, "Notes", icon="arrow-left", kind=Kind.FLAT)
        self.back.setToolTip("Back to the notes of this step")
        self.back.clicked.connect(self.show_notes)
        head.addWidget(self.back)
        self.smaller = IconButton(theme, "a-arrow-down", "Smaller notes (Ctrl+-)")
        self.smaller.clicked.connect(lambda: self.resize_notes(-BY_PX))
        head.addWidget(self.smaller)
        self.larger = IconButton(theme, "a-arrow-up", "Larger notes (Ctrl+=)")
        self.larger.clicked.connect(lambda: self.resize_notes(BY_PX))
        head.addWidget(self.larger)
        column.addLayout(head)
        self.text = _Text()
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(8)
        self.text.setAccessibleName("Notes")
        column.addWidget(self.text, 1)
        self.cue = CueField(theme, rehearsing)
        column.addWidget(self.cue)
        rehearsing.changed.connect(self._rehearsal_changed)
        self._rehearsal_changed()
        self._say()

    @property
    def words(self) -> str:
        """What is read."""
        return self.text.toPlainText()

    @property
    def size_px(self) -> int:
        """The size of the notes."""
        return self._size_px

    def follow(self) -> None:
        """Show the notes of the step that is told; an answer stays until the step changes."""
        step = self._desk.player.step
        ident = step.id if step is not None else None
        if ident != self._step_id:
            self._answer = None
            self._step_id = ident
        self._say()

    def set_tiny(self, tiny: bool) -> None:
        """Give the text the room of title and buttons, whose keys go on; an answer keeps its way back."""
        if tiny is not self._tiny:
            self._tiny = tiny
            self._column.setContentsMargins(*((8, 4, 8, 4) if tiny else (16, 12, 16, 16)))
            self._say()

    def show_answer(self, answer: PreparedAnswer) -> None:
        """Show what was prepared for a question."""
        self._answer = answer
        self._say()

    def show_notes(self) -> None:
        """Go back to the notes."""
        self._answer = None
        self._say()

    def resize_notes(self, by_px: int) -> None:
        """Make the notes larger or smaller."""
        size = notes_size(self._size_px + by_px)
        if size != self._size_px:
            self._size_px = size
            self._say()
            self.sized.emit(size)

    def _rehearsal_changed(self) -> None:
        self.cue.setVisible(self._rehearsing.running)

    def _jump(self) -> None:
        if self._answer is not None and self._answer.step is not None:
            self.jumped.emit(self._answer.step)

    def _say(self) -> None:
        answer, step = self._answer, self._desk.player.step
        if answer is not None:
            self.title.set_whole(answer.question)
            words = answer.answer
        else:
            self.title.set_whole("Notes")
            words = parse_notes(masked(self._desk.session, step.notes)).told if step is not None else ""
        count = len(self._desk.player.steps)
        goal = answer.step if answer is not None else None
        self.go_there.setVisible(goal is not None and goal < count)
        if goal is not None:
            self.go_there.set_words(f"Step {goal + 1}")
            self.go_there.setToolTip(f"Fly to step {goal + 1}")
        self.back.setVisible(answer is not None)
        self.title.setVisible(answer is not None or not self._tiny)
        for button in (self.smaller, self.larger):
            button.setVisible(not self._tiny)
        self.smaller.setEnabled(self._size_px > SMALLEST_PX)
        self.larger.setEnabled(self._size_px < LARGEST_PX)
        face = font(Type.NOTES, scale=self._size_px / Type.NOTES.size_px)
        self.text.setFont(face)
        self.text.document().setDefaultFont(face)
        # Paragraphs stand apart by a gap, not by an empty line.
        words = _BLANK.sub("\n", words)
        if words != self.text.toPlainText() or not words:
            self.text.setPlainText(words or NO_NOTES)
        self.text.setProperty("tone", "text" if words else "text2")
        shape = QTextBlockFormat()
        line = self._size_px * Type.NOTES.line_px / Type.NOTES.size_px
        shape.setLineHeight(line, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        shape.setBottomMargin(line * GAP_SHARE)
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(shape)
