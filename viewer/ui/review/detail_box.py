"""The finding in hand: its measures, who found it, the answers, a comment, and what a mark can be changed in."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from viewer.domain.finding import Localisation, SourceKind
from viewer.domain.reading_direction import isolated
from viewer.ui.commands import shortcut_words
from viewer.ui.finding_words import (
    centre_words,
    long_axis_words,
    mean_words,
    source_words,
    sureness_words,
    volume_words,
)
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark, paint_mark
from viewer.ui.widgets import Badge, Button, ElidedLabel, IconButton, key_chip_width, paint_key_chip, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QColor, QFocusEvent, QKeyEvent, QPainter

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.commands import Command, CommandActions
    from viewer.ui.theme import Theme

LABEL_WIDTH = 128


class Detail(IntEnum):
    """How much is said of a finding: all; what its measures are; or nothing but the answers and the comment."""

    ALL = 0
    SHORT = 1
    LITTLE = 2


LESS = ("Mean ± SD", "Centre, LPS", "Found by", "Score")
ROWS = ("Long axis", "Volume", "Mean ± SD", "Centre, LPS", "Found by", "Score")


class AnswerButton(Button):
    """A button with the mark of the state that it gives, and its key at the right."""

    def __init__(self, theme: Theme, action: QAction, command: Command, mark: Mark) -> None:
        super().__init__(theme, command.title, key=command.shortcuts[0], spread=True)
        self._mark = mark
        self.follow(action)

    def _content_width(self) -> float:
        return super()._content_width() + 26

    def _paint_content(self, painter: QPainter, area: QRectF, ink: QColor) -> None:
        if not self.isEnabled():
            painter.setOpacity(0.45)
        paint_mark(painter, QRectF(12, (area.height() - 16) / 2, 16, 16), self._mark, self.theme)
        painter.setOpacity(1.0)
        painter.setPen(ink)
        painter.setFont(font(Type.BUTTON))
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(38, 0, area.width() - 38, area.height()), left, self.text())
        width = key_chip_width(self.key)
        chip = self.theme.colour("text2") if self.isEnabled() else ink
        paint_key_chip(painter, QRectF(area.width() - 12 - width, 0, width, area.height()), self.key, chip, chip)


class CommentField(QLineEdit):
    """A line of comment, kept with Enter or when left; Esc takes back what was typed."""

    kept = Signal(str)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._before = ""
        self.setFont(font(Type.BODY))
        self.setPlaceholderText(f"Comment ({key})" if key else "Comment")
        self.setAccessibleName("Comment on the finding in hand")
        self.setFixedHeight(40)

    def show_comment(self, text: str) -> None:
        """Show what is kept."""
        if not (self.hasFocus() and self.isModified()):
            self._before = text
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep with Enter, take back with Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Left first: a sheet that keeping may open gives the keys back to who has them now.
            self.leave()
        elif event.key() == Qt.Key.Key_Escape:
            self.setText(self._before)
            self.setModified(False)
            self.leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep what was typed."""
        super().focusOutEvent(event)
        self.keep()

    def leave(self) -> None:
        """Give the keys to the window, which keeps them when it is come back to: else its first button got them."""
        window = self.window()
        if window.focusWidget() is self:
            window.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """Keep what was typed; typing may go on."""
        if self.isModified():
            self.setModified(False)
            self._before = self.text().strip()
            if not self.hasFocus():
                self.setText(self._before)
            self.kept.emit(self._before)


class DetailBox(QWidget):
    """What is known of the finding in hand; `commented` carries the id of a finding and a new comment on it."""

    commented = Signal(str, str)

    def __init__(self, session: Session, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown = ""
        self._detail = Detail.ALL
        self.setProperty("surface", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        self._named = QWidget()
        head = QHBoxLayout(self._named)
        head.setContentsMargins(0, 0, 0, 0)
        self.title = ElidedLabel("", Type.PANEL_TITLE)
        self._recorded = Badge(theme, "Recorded")
        self._recorded.setToolTip("Computed earlier and shown from a file.")
        head.addWidget(self.title, 1)
        head.addWidget(self._recorded)
        column.addWidget(self._named)
        self._facts = QWidget()
        grid = QGridLayout(self._facts)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        self._values: dict[str, ElidedLabel] = {}
        self._names: dict[str, QLabel] = {}
        for n, name in enumerate(ROWS):
            self._names[name] = text_label(name, Type.BODY, "text2")
            grid.addWidget(self._names[name], n, 0)
            self._values[name] = ElidedLabel("", Type.BODY)
            grid.addWidget(self._values[name], n, 1)
        column.addWidget(self._facts)
        answers = QGridLayout()
        answers.setSpacing(8)
        for n, (command_id, mark) in enumerate(
            (
                ("review.accept", Mark.ACCEPTED),
                ("review.reject", Mark.REJECTED),
                ("review.unsure", Mark.UNSURE),
                ("review.missed", Mark.MISSED),
            )
        ):
            button = AnswerButton(theme, actions[command_id], actions.table[command_id], mark)
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            answers.addWidget(button, n // 2, n % 2)
        column.addLayout(answers)
        self.comment = CommentField(shortcut_words(actions.table["review.edit"]))
        self.comment.kept.connect(lambda text: self.commented.emit(self._shown, text))
        actions.followed.connect(self.comment.leave)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.comment, 1)
        self._of_marks = tuple(
            IconButton.of_command(theme, actions[command_id], actions.table[command_id])
            for command_id in ("review.move_mark", "review.remove_mark")
        )
        for of_marks in self._of_marks:
            said.addWidget(of_marks)
        column.addLayout(said)
        # Known before anything is shown: trying it out later would lay the panel out again and again.
        self._heights: dict[Detail, int] = {}
        for how_much in reversed(Detail):
            self.say(how_much)
            self._heights[how_much] = self.sizeHint().height()

    def value(self, name: str) -> str:
        """Return what stands behind one of `ROWS`."""
        return self._values[name].whole

    def height_of(self, how_much: Detail) -> int:
        """Return how high the box is where so much is said."""
        return self._heights[how_much]

    def say(self, how_much: Detail) -> None:
        """Leave out what counts less, so that the list keeps its room in a low window; what is left out it says."""
        if how_much == self._detail:
            return
        self._detail = how_much
        for name in LESS:
            self._names[name].setVisible(how_much is Detail.ALL)
            self._values[name].setVisible(how_much is Detail.ALL)
        for part in (self._named, self._facts):
            part.setVisible(how_much < Detail.LITTLE)
            part.updateGeometry()
        column = self.layout()
        if column is not None:
            column.setSpacing(8 if how_much else 12)
            column.setContentsMargins(16, 16 if how_much < Detail.LITTLE else 8, 16, 12)

    def refresh(self) -> None:
        """Show the finding that the session has in hand."""
        finding, volume = self._session.selected, self._session.volume
        if self._shown != (now := finding.id if finding is not None else ""):
            # What was typed is said of the finding that it was typed for, and keys mean answers again.
            self.comment.leave()
            self._shown = now
        shown = finding is not None and volume is not None
        for label in self._values.values():
            label.set_whole("–")
        self.title.set_whole("No finding selected")
        self._recorded.setVisible(finding is not None and finding.recorded)
        marked = finding is not None and finding.source.kind is SourceKind.READER
        for of_marks in self._of_marks:
            of_marks.setVisible(marked)
        self.comment.setEnabled(shown and finding is not None and finding.source.kind is not SourceKind.TRUTH)
        if finding is None or volume is None:
            self.comment.show_comment("")
            return
        place = f", {finding.place[:1].lower()}{finding.place[1:]}" if finding.place else ""
        self.title.set_whole(f"{isolated(finding.label)}{place}")
        self._fill(finding, volume)
        decision = self._session.decisions.get(finding.id)
        self.comment.show_comment(decision.comment if decision else "")

    def _fill(self, finding: Finding, volume: Volume) -> None:
        self._values["Centre, LPS"].set_whole(centre_words(finding))
        self._values["Found by"].set_whole(source_words(finding))
        self._values["Score"].set_whole(sureness_words(finding))
        if finding.localisation is not Localisation.OUTLINE:
            self._values["Volume"].set_whole(volume_words(finding))
        if finding.mask is None:
            return
        self._values["Mean ± SD"].set_whole(mean_words(finding, volume.unit))
        if not volume.measurable:
            for name in ("Long axis", "Volume"):
                self._values[name].set_whole("Not measured: geometry is not trusted")
            return
        self._values["Long axis"].set_whole(long_axis_words(finding))
        self._values["Volume"].set_whole(volume_words(finding))
