"""Whether this computer is ready to present a case, as a page that anyone understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from viewer.domain.reading_direction import isolated
from viewer.services.readiness import State
from viewer.ui.fonts import Type
from viewer.ui.icons import pixmap
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, ProgressBar, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

    from viewer.domain.walkthrough import Case
    from viewer.services.readiness import Readiness
    from viewer.ui.theme import Theme

WIDTH = 760
_ICONS = {
    State.OK: ("circle-check", "agree"),
    State.NOTE: ("info", "text2"),
    State.SLOW: ("clock", "disagree"),
    State.BAD: ("triangle-alert", "disagree"),
}
WAITING = "Every step is drawn once as on stage, and every model runs once."


class ReadySheet(Sheet):
    """`wanted` asks to look (True keeps the pictures as right), `cancelled` to stop."""

    wanted = Signal(bool)
    cancelled = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Is this computer ready?", width=WIDTH)
        head = QHBoxLayout()
        head.setSpacing(16)
        self._picture = text_label("", Type.BODY)
        self.verdict = text_label("", Type.PAGE_TITLE)
        self.verdict.setWordWrap(True)
        head.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.verdict, 1)
        self.body.addLayout(head)
        self.about = text_label("", Type.BODY, "text2")
        self.about.setWordWrap(True)
        self._lines = self.let_scroll()
        self._lines.addWidget(self.about)
        self._found: QWidget | None = None
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.bar = ProgressBar(theme)
        self.bar.setFixedWidth(160)
        self.words = text_label("", Type.BODY)
        self.cancel = Button(theme, "Cancel")
        self.cancel.setToolTip("Stop looking")
        self.cancel.clicked.connect(self.cancelled)
        self.keep = Button(theme, "Keep these pictures")
        self.keep.setToolTip("What the steps look like now is right: compare with it from now on, also elsewhere")
        self.keep.clicked.connect(lambda: self.wanted.emit(True))
        self.again = Button(theme, "Look again", icon="refresh-cw", kind=Kind.MAIN)
        self.again.setToolTip("Look at everything once more")
        self.again.clicked.connect(lambda: self.wanted.emit(False))
        foot.addWidget(self.bar)
        foot.addWidget(self.words)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.keep)
        foot.addWidget(self.again)
        self.body.addLayout(foot)

    @property
    def rows(self) -> tuple[str, ...]:
        """What is said of each thing that was looked at."""
        labels = self._found.findChildren(QWidget, "found") if self._found is not None else []
        return tuple(str(label.property("words")) for label in labels)

    def ask(self, case: Case) -> None:
        """Show it for a case; nothing is known yet."""
        self.about.setText(f"“{isolated(case.title)}”. {WAITING}")
        self._fill(None)
        self._show(running=True, verdict="Looking")
        self.open(self.cancel)

    def say_progress(self, fraction: float | None, words: str) -> None:
        """Show how far it is."""
        self._show(running=True, verdict="Looking")
        self.bar.set_fraction(fraction)
        self.words.setText(words)

    def tell(self, found: Readiness) -> None:
        """Show what was found."""
        self._fill(found)
        self._show(running=False, verdict=found.words, state=found.state)
        self.again.setFocus(Qt.FocusReason.OtherFocusReason)

    def say(self, sentence: str) -> None:
        """Say why nothing was found out."""
        self._fill(None)
        self._show(running=False, verdict=sentence, state=State.NOTE)
        self.again.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, *, running: bool, verdict: str, state: State | None = None) -> None:
        for widget in (self.bar, self.words, self.cancel):
            widget.setVisible(running)
        for widget in (self.keep, self.again):
            widget.setVisible(not running)
        self.verdict.setText(verdict)
        name, role = _ICONS[state] if state is not None else ("stethoscope", "text2")
        self._picture.setPixmap(pixmap(self.theme, name, role, 32, self.devicePixelRatioF()))
        if self.is_open:
            self.place()

    def _fill(self, found: Readiness | None) -> None:
        if self._found is not None:
            self._lines.removeWidget(self._found)
            self._found.hide()
            self._found.deleteLater()
        self._found = self._table(found) if found is not None else None
        if self._found is not None:
            self._lines.addWidget(self._found)
            # Now, not with the next turn: how high it is decides how high the sheet is.
            self._found.show()

    def _table(self, found: Readiness) -> QWidget:
        holder = QWidget()
        holder.setProperty("surface", "panel")
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(2, 1)
        # What is in the way first; the rest as it was looked at.
        order = (State.BAD, State.SLOW, State.NOTE, State.OK)
        for n, one in enumerate(sorted(found.looked, key=lambda one: order.index(one.state))):
            icon, role = _ICONS[one.state]
            mark = text_label("", Type.BODY)
            mark.setPixmap(pixmap(self.theme, icon, role, 18, self.devicePixelRatioF()))
            mark.setAccessibleName(one.state.value)
            words = f"{one.found}\n{one.hint}" if one.hint else one.found
            said = self._line(words, "text" if one.state is not State.OK else "text2")
            said.setObjectName("found")
            said.setProperty("words", f"{one.name}: {words}")
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(mark, n, 0, top)
            grid.addWidget(self._line(one.name, "text"), n, 1, top)
            grid.addWidget(said, n, 2, top)
        return holder

    @staticmethod
    def _line(words: str, tone: str) -> QLabel:
        label = text_label(words, Type.BODY, tone)
        label.setWordWrap(True)
        label.setMinimumWidth(120)
        return label
