"""What went wrong or was left out, in a strip of one sentence, a hint, and details that can be copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtGui import QGuiApplication, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from viewer.domain.errors import NothingToOpenError, UnreadableFileError
from viewer.ui.fonts import Type, font
from viewer.ui.icons import IconBox
from viewer.ui.sheet import Sheet
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Button, IconButton, Kind, hairline, text_label

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError
    from viewer.ui.theme import Theme

_GAP_PX = 12
# Where nobody looks, on the stage, others come by the hour.
_MOST_WAITING = 4
TEXT_HEIGHT, LEAST_TEXT = 220, 64
_UNNAMED = "Places and files are not named while identity is hidden."


@frozen
class Message:
    """One thing to tell: a sentence, what to do, and a report that can be copied; `calm` where nothing is wrong.

    `unopened` where something could not be opened, which the next that is opened makes old news. `action` names what
    can be done about it right here, and `act` does it. `begun` where the hint only begins what the details list.
    `passing` where it says what is going on, which whatever comes next makes old news.
    """

    sentence: str
    hint: str = ""
    detail: str = ""
    calm: bool = False
    unopened: bool = False
    action: str = ""
    act: Callable[[], None] | None = None
    begun: bool = False
    passing: bool = False

    @classmethod
    def of(cls, error: CaseStageError, *, masked: bool = False) -> Message:
        """Return an error as a message; masked, places and files that could not be opened are not named."""
        unnamed = masked and bool(error.detail) and isinstance(error, NothingToOpenError)
        unopened = isinstance(error, NothingToOpenError | UnreadableFileError)
        return cls(error.sentence, error.hint, _UNNAMED if unnamed else error.detail, unopened=unopened)

    @property
    def report(self) -> str:
        """The whole text, for a report."""
        parts = (self.sentence, "" if self.begun else self.hint, self.detail)
        return "\n\n".join(part for part in parts if part)


class DetailsSheet(Sheet):
    """A longer text that can be read and copied."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Details", width=640)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Details")
        self._text.setFont(font(Type.CAPTION))
        self.let_give_way(self._text, TEXT_HEIGHT, LEAST_TEXT)
        self.body.addWidget(self._text)
        row = QHBoxLayout()
        copy = Button(theme, "Copy", icon="copy")
        copy.setToolTip("Copy the whole text")
        copy.clicked.connect(self._copy)
        row.addWidget(copy)
        row.addStretch()
        self.body.addLayout(row)

    def tell(self, title: str, text: str) -> None:
        """Show a text."""
        self.title.setText(title)
        self._text.setPlainText(text)
        self.open(self._text)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())


class MessageStrip(QFrame):
    """Shows one message at a time, the newest; hidden while there is none.

    One that nobody could read before a newer one came waits behind that, and a number says so. It never goes by itself:
    everything below it would move away under the pointer. Where it is too narrow for sentence and hint beside each
    other they stand below each other, on as many lines as they need.
    """

    def __init__(self, theme: Theme, details: DetailsSheet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._details = theme, details
        self._message: Message | None = None
        self._waiting: list[Message] = []
        self._read = False
        self.setProperty("surface", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        row = self._row = QHBoxLayout()
        row.setContentsMargins(16, 6, 8, 6)
        row.setSpacing(_GAP_PX)
        self._icon = IconBox(theme, 18)
        self._icon.setFixedSize(18, 18)
        self._sentence = text_label("", Type.NAME)
        self._hint = text_label("", Type.BODY, "text2")
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._words.setSpacing(_GAP_PX)
        for label, stretch in ((self._sentence, 0), (self._hint, 1)):
            label.setMinimumWidth(1)
            self._words.addWidget(label, stretch)
        self._action = Button(theme, "", height=BAR_CONTROL_HEIGHT)
        self._action.setAccessibleName("Do what the message offers")
        self._action.clicked.connect(self.act)
        more = Button(theme, "Details", height=BAR_CONTROL_HEIGHT, kind=Kind.FLAT)
        more.setToolTip("Show the whole message, to read or to copy")
        more.clicked.connect(self._show_details)
        self._more = text_label("", Type.CAPTION, "text2")
        close = self.close_button = IconButton(theme, "x", "Close this message", size=BAR_CONTROL_HEIGHT)
        close.clicked.connect(self.clear)
        row.addWidget(self._icon)
        row.addLayout(self._words, 1)
        row.addWidget(self._action)
        row.addWidget(more)
        row.addWidget(self._more)
        row.addWidget(close)
        self._beside = (self._icon, self._action, more, self._more, close)
        outer.addLayout(row)
        outer.addWidget(hairline())
        self.hide()
        theme.changed.connect(self._recolour)

    @property
    def message(self) -> Message | None:
        """What is shown."""
        return self._message

    @property
    def read(self) -> bool:
        """True once what is shown could be read."""
        return self._read

    @property
    def more_words(self) -> str:
        """How many more wait behind what is shown, as it is read; "" for none."""
        return self._more.text()

    def tell(self, message: Message) -> None:
        """Show a message; one before it that nobody could read waits."""
        before = self._message
        if before is not None and not self._read and not before.passing:
            self._waiting.append(before)
        self._waiting = [each for each in self._waiting if each.sentence != message.sentence]
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.remove(next((each for each in self._waiting if each.calm), self._waiting[0]))
        self._show(message)

    def act(self) -> None:
        """Do what the message offers, and take it away."""
        message = self._message
        self.clear()
        if message is not None and message.act is not None:
            message.act()

    def clear(self) -> None:
        """Take the message away; one that waits comes in its place."""
        if self._waiting:
            self._show(self._waiting.pop())
            return
        self._message = None
        self.hide()

    def withdraw(self, message: Message) -> None:
        """Take a message away that is true no more, shown or waiting."""
        self._withdraw(lambda each: each is message)

    def clear_calm(self) -> None:
        """Take away what only informed; what went wrong stays until it is closed."""
        if self._message is not None and self._message.calm:
            self.clear()

    def clear_unopened(self) -> None:
        """Take away that something could not be opened: above what was opened since, it would be read as that one's."""
        self._withdraw(lambda each: each.unopened)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Note that the message could be read."""
        super().paintEvent(event)
        self._read = True

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Put the hint beside the sentence, or below it."""
        super().resizeEvent(event)
        self._fit()

    def _show(self, message: Message) -> None:
        self._message, self._read = message, False
        self._sentence.setText(message.sentence)
        self._hint.setText(message.hint)
        self._hint.setVisible(bool(message.hint))
        self._action.set_words(message.action)
        self._action.setToolTip(message.action)
        self._action.setVisible(bool(message.action))
        self._count()
        self.setAccessibleName(message.report)
        self._recolour()
        self._fit()
        self.show()
        self.update()

    def _count(self) -> None:
        self._more.setText(f"{len(self._waiting)} more" if self._waiting else "")
        self._more.setVisible(bool(self._waiting))

    def _withdraw(self, wanted: Callable[[Message], bool]) -> None:
        self._waiting = [each for each in self._waiting if not wanted(each)]
        if self._message is not None and wanted(self._message):
            self.clear()
        self._count()

    def _fit(self) -> None:
        taken = sum(widget.sizeHint().width() + _GAP_PX for widget in self._beside if not widget.isHidden())
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - taken
        labels = (self._sentence, self._hint)
        wanted = _GAP_PX + sum(label.fontMetrics().horizontalAdvance(label.text()) + 2 for label in labels)
        stacked = wanted > room
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        self._words.setDirection(way)
        self._words.setSpacing(0 if stacked else _GAP_PX)
        for label in labels:
            label.setWordWrap(stacked)

    def _recolour(self) -> None:
        calm = self._message is not None and self._message.calm
        name, role = ("info", "text2") if calm else ("triangle-alert", "disagree")
        self._icon.show_icon(name, role)

    def _show_details(self) -> None:
        if self._message is not None:
            self._details.tell("Details", self._message.report)
