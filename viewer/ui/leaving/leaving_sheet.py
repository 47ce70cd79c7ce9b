"""Asks in which form a case is left behind, and shows how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from viewer.domain.reading_direction import isolated
from viewer.ui.fonts import Type
from viewer.ui.icons import pixmap
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, ProgressBar, hairline, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel, QWidget

    from viewer.domain.walkthrough import Case
    from viewer.ui.theme import Theme

WIDTH = 640


@frozen
class Form:
    """A form in which a case is left behind: the option that makes it, and how it is called."""

    option: str
    ending: str
    icon: str
    name: str
    sentence: str
    filter: str


FORMS = (
    Form("pdf", ".pdf", "file-text", "Handout", "A page for each step, with its findings. PDF, to print or send.",
         "PDF (*.pdf)"),
    Form("film", ".webm", "film", "Film", "The steps as presented, with their words. Plays in browsers and VLC.",
         "Film (*.webm);;H.264, needs ffmpeg (*.mp4)"),
    Form("html", ".html", "layout-grid", "Page for a browser", "Images to scroll and 3D to turn, offline, in one file.",
         "Page (*.html)"),
    Form("png", "", "image", "Pictures", "Each step as on stage, numbered, for slides.", ""),
)  # fmt: skip


class LeavingSheet(Sheet):
    """`wanted` carries the form that was chosen, `cancelled` asks to stop, `reveal_wanted` to show what was written."""

    wanted = Signal(object)
    cancelled = Signal()
    reveal_wanted = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Leave behind", width=WIDTH)
        self.buttons: dict[str, Button] = {}
        self._pictures: list[tuple[QLabel, str]] = []
        self._about = text_label("", Type.BODY, "text2")
        self._about.setWordWrap(True)
        self.body.addWidget(self._about)
        rows = self.let_scroll()
        for n, form in enumerate(FORMS):
            if n:
                rows.addWidget(hairline())
            rows.addLayout(self._row(form))
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.words = text_label("", Type.BODY)
        self.words.setWordWrap(True)
        self.bar = ProgressBar(theme)
        self.bar.setFixedWidth(160)
        self.cancel = Button(theme, "Cancel")
        self.cancel.setToolTip("Stop; nothing half written is left")
        self.cancel.clicked.connect(self.cancelled)
        self.reveal = Button(theme, "Show in folder", icon="external-link")
        self.reveal.setToolTip("Show where it was written")
        self.reveal.clicked.connect(self.reveal_wanted)
        foot.addWidget(self.bar)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.reveal)
        self.body.addLayout(foot)
        theme.changed.connect(self._recolour)
        self._recolour()

    def ask(self, case: Case) -> None:
        """Show it for a case."""
        self.title.setText("Leave behind")
        self._about.setText(f"“{isolated(case.title)}”, without the patient and without the presenter’s notes.")
        self.say("")
        self.open(self.buttons["pdf"])

    def say(self, words: str, *, revealable: bool = False) -> None:
        """Say what came of it; nothing runs any more."""
        self._show(running=False, words=words, revealable=revealable)

    def say_progress(self, fraction: float | None, words: str) -> None:
        """Show how far it is."""
        self._show(running=True, words=f"{words} …" if fraction is None else f"{words}, {fraction * 100:.0f} %")
        self.bar.set_fraction(fraction)

    def _show(self, *, running: bool, words: str, revealable: bool = False) -> None:
        for button in self.buttons.values():
            button.setEnabled(not running)
            button.setToolTip("Wait until the other one is written, or cancel it" if running else "Choose where to")
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.reveal.setVisible(revealable)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        if self.is_open:
            self.place()

    def _row(self, form: Form) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        picture = text_label("", Type.BODY)
        picture.setFixedWidth(24)
        self._pictures.append((picture, form.icon))
        row.addWidget(picture)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(text_label(form.name, Type.NAME))
        sentence = text_label(form.sentence, Type.CAPTION, "text2")
        sentence.setWordWrap(True)
        column.addWidget(sentence)
        row.addLayout(column, 1)
        button = Button(self.theme, "Save…", kind=Kind.MAIN if form.option == "pdf" else Kind.NORMAL)
        button.setAccessibleName(f"{form.name}: save")
        button.clicked.connect(lambda: self.wanted.emit(form))
        self.buttons[form.option] = button
        row.addWidget(button)
        return row

    def _recolour(self, _name: object = None) -> None:
        for label, icon in self._pictures:
            label.setPixmap(pixmap(self.theme, icon, "text2", 24, self.devicePixelRatioF()))
