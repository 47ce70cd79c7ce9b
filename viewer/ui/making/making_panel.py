"""The panel in which a case is made: its title, its steps, and what is told in the one in hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QIntValidator, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from viewer.services.case_checks import MOST_WORDS, narration_words
from viewer.ui.fonts import Type, font
from viewer.ui.making.acts_editor import ActsEditor
from viewer.ui.making.field_undo import FieldUndo
from viewer.ui.making.live_editor import LiveEditor
from viewer.ui.making.picture_row import PictureRow
from viewer.ui.making.step_list import StepList
from viewer.ui.making.tick import Tick
from viewer.ui.tall import Tall
from viewer.ui.widgets import Button, IconButton, Kind, Segmented, hairline, panel_column, set_tone, text_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.services.case_making import CaseMaking
    from viewer.services.finding_run import FindingRun
    from viewer.ui.commands import CommandActions
    from viewer.ui.making.card_preview import CardPreview
    from viewer.ui.theme import Theme

WIDTH = 376
# Of what stands between the panel's head and its foot; lower than that it scrolls.
LEAST_EMPTY, LEAST_WITH_STEPS = 240, 592
_EMPTY = "Set the view as it is to be seen and capture it as a step; or let a first draft be told from the findings."
_CAPTURE, _DRAFT = "Capture a step", "Write a first draft"


class MakingPanel(QFrame):
    """Follows a draft. `picked` carries the id of a step to be looked at."""

    picked = Signal(str)

    def __init__(
        self,
        making: CaseMaking,
        session: Session,
        run: FindingRun,
        theme: Theme,
        actions: CommandActions,
        preview: CardPreview,
    ) -> None:
        super().__init__()
        self._run = run
        self._making, self._session, self._theme, self._actions = making, session, theme, actions
        self.preview = preview
        self._showing = False
        self.setFixedWidth(WIDTH)
        whole = panel_column(self, 0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 12, 4)
        head.addWidget(text_label("Make a case", Type.PANEL_TITLE))
        head.addStretch()
        head.addWidget(IconButton.of_command(theme, actions["making.close"], actions.table["making.close"]))
        whole.addLayout(head)
        within = QWidget()
        column = panel_column(within, 8, (16, 4, 16, 0))
        self.title = self._field("Title of the case")
        self.summary = self._field("One line about it")
        column.addWidget(self.title)
        column.addWidget(self.summary)
        self._empty = self._make_empty()
        column.addWidget(self._empty, 1)
        self.steps = StepList(theme)
        column.addWidget(self.steps, 2)
        self._tools = self._make_tools()
        column.addWidget(self._tools)
        self._editor = self._make_editor()
        column.addWidget(self._editor, 4)
        self._tall = Tall()
        self._tall.hold(within, LEAST_EMPTY)
        self._tall.keep_width(column)
        whole.addWidget(self._tall, 1)
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 16, 16)
        row.setSpacing(8)
        for name, kind in (("making.save", Kind.NORMAL), ("making.present", Kind.MAIN)):
            row.addWidget(Button.of(theme, actions[name], actions.table[name], kind=kind))
        row.addStretch()
        whole.addLayout(row)
        self._connect()
        self._show()

    def _field(self, words: str) -> QLineEdit:
        field = QLineEdit()
        field.setFont(font(Type.BODY))
        field.setPlaceholderText(words)
        field.setAccessibleName(words)
        field.setFixedHeight(40)
        return field

    def _text(self, words: str) -> QPlainTextEdit:
        field = QPlainTextEdit()
        field.setFont(font(Type.BODY))
        field.setPlaceholderText(words)
        field.setAccessibleName(words)
        field.setTabChangesFocus(True)
        field.setMinimumHeight(44)
        return field

    def _make_empty(self) -> QWidget:
        box = QWidget()
        column = panel_column(box, 12, (0, 8, 0, 0))
        words = text_label(_EMPTY, Type.BODY, "text2")
        words.setWordWrap(True)
        column.addWidget(words)
        for name, text in (("making.capture", _CAPTURE), ("making.told", _DRAFT)):
            button = Button.of(self._theme, self._actions[name], self._actions.table[name], text=text)
            column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addStretch()
        return box

    def _make_tools(self) -> QWidget:
        box = QWidget()
        column = panel_column(box)
        row = QHBoxLayout()
        row.setSpacing(4)
        capture = self._actions.table["making.capture"]
        button = Button(self._theme, "Capture", icon=capture.icon)
        button.follow(self._actions[capture.id])
        row.addWidget(button)
        row.addStretch()
        for name in ("making.set_view", "making.twin", "making.delete", "making.undo", "making.redo"):
            row.addWidget(IconButton.of_command(self._theme, self._actions[name], self._actions.table[name]))
        column.addLayout(row)
        column.addWidget(hairline())
        return box

    def _make_editor(self) -> QWidget:
        box = QWidget()
        outer = panel_column(box)
        head = QHBoxLayout()
        self.parts = Segmented(self._theme, (("told", "Told", ""), ("acts", "Asks and moves", "")))
        self.parts.choose("told")
        self.shows_card = Tick(self._theme, "Card")
        self.shows_card.setToolTip("Show over the picture how the audience will read it")
        self.shows_card.setChecked(True)
        head.addWidget(self.parts)
        head.addStretch()
        head.addWidget(self.shows_card)
        outer.addLayout(head)
        self._stack = QStackedWidget()
        self.acts = ActsEditor(self._making, self._session, self._theme)
        told = QWidget()
        told.setProperty("surface", "panel")
        self._stack.addWidget(told)
        self.live = LiveEditor(self._making, self._session, self._run, self._theme)
        self._moves = QWidget()
        self._moves.setProperty("surface", "panel")
        moves = QVBoxLayout(self._moves)
        moves.setContentsMargins(0, 0, 0, 0)
        moves.setSpacing(8)
        moves.addWidget(self.acts)
        moves.addWidget(self.live)
        moves.addStretch()
        self._stack.addWidget(self._moves)
        outer.addWidget(self._stack, 1)
        column = QVBoxLayout(told)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.step_title = self._field("Title of the step")
        self.narration = self._text("What the audience reads, in Markdown")
        self._words = text_label("", Type.CAPTION, "text2")
        self.pictures = PictureRow(self._making.pictures, self._theme)
        below = QHBoxLayout()
        below.addWidget(self._words)
        below.addStretch()
        add = self._actions.table["making.picture"]
        below.addWidget(IconButton.of_command(self._theme, self._actions[add.id], add))
        self.notes = self._text("Notes for you alone")
        last = QHBoxLayout()
        self.seconds = self._field("Planned time of this step in seconds")
        self.seconds.setToolTip("Planned time of this step in seconds")
        self.seconds.setPlaceholderText("")
        self.seconds.setFixedWidth(64)
        self.seconds.setValidator(QIntValidator(0, 3600, self.seconds))
        self.hides = Tick(self._theme, "Findings from here on")
        self.hides.setToolTip("Show no findings in the steps before this one")
        last.addWidget(self.seconds)
        last.addWidget(text_label("seconds", Type.BODY, "text2"))
        last.addStretch()
        last.addWidget(self.hides)
        column.addWidget(self.step_title)
        column.addWidget(self.narration, 3)
        column.addLayout(below)
        column.addWidget(self.pictures)
        column.addWidget(self.notes, 2)
        column.addLayout(last)
        return box

    def _connect(self) -> None:
        making, steps = self._making, self.steps
        making.changed.connect(self._show)
        fields = (self.title, self.summary, self.step_title, self.narration, self.notes, self.seconds)
        FieldUndo(self, self._actions, fields)
        steps.picked.connect(self.picked)
        steps.moved.connect(making.move)
        steps.undo_wanted.connect(lambda: self._actions.run("making.undo"))
        steps.redo_wanted.connect(lambda: self._actions.run("making.redo"))
        steps.delete_wanted.connect(self._actions["making.delete"].trigger)
        steps.twin_wanted.connect(self._actions["making.twin"].trigger)
        self.title.textEdited.connect(lambda text: making.describe(title=text))
        self.summary.textEdited.connect(lambda text: making.describe(summary=text))
        edit = self._edit
        self.step_title.textEdited.connect(lambda text: edit(partial(making.edit, title=text)))
        self.narration.textChanged.connect(lambda: edit(partial(making.edit, narration=self.narration.toPlainText())))
        self.notes.textChanged.connect(lambda: edit(partial(making.edit, notes=self.notes.toPlainText())))
        self.seconds.textEdited.connect(lambda text: edit(partial(making.edit, duration_s=float(text or 0))))
        self.hides.toggled.connect(self._hide)
        self.parts.chosen.connect(lambda part: self._turn_to(part == "acts"))
        self.shows_card.toggled.connect(lambda _on: self._show_card())

    def _turn_to(self, acts: bool) -> None:
        self._stack.setCurrentIndex(int(acts))
        self._show_card()

    def _show_card(self) -> None:
        step = self._making.in_hand if self.shows_card.isChecked() and self.isVisible() else None
        asking = self._stack.currentWidget() is self._moves
        self.preview.show_step(step, asking=asking, folder=self._making.pictures.home)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Show the card too."""
        super().showEvent(event)
        self._show_card()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Take the card away."""
        super().hideEvent(event)
        self.preview.show_step(None)

    def _edit(self, change: Callable[[str], None]) -> None:
        """Change the step in hand by its id, where a person did that and not `_show`."""
        step = self._making.in_hand
        if step is not None and not self._showing:
            change(step.id)

    def _hide(self, on: bool) -> None:
        step = self._making.in_hand
        if step is not None and not self._showing:
            self._making.hide_findings_until(step.id if on else "")

    def _show(self) -> None:
        draft, step = self._making.draft, self._making.in_hand
        self._showing = True
        try:
            self.steps.show_draft(draft, step.id if step is not None else "")
            _put(self.title, draft.title if draft is not None else "")
            _put(self.summary, draft.summary if draft is not None else "")
            self._empty.setVisible(step is None)
            self._tall.need(LEAST_EMPTY if step is None else LEAST_WITH_STEPS)
            for part in (self.steps, self._tools, self._editor):
                part.setVisible(step is not None)
            if step is None or draft is None:
                return
            _put(self.step_title, step.title)
            for field, text in ((self.narration, step.narration), (self.notes, step.notes)):
                if field.toPlainText() != text:
                    field.setPlainText(text)
            if float(self.seconds.text() or 0) != step.duration_s:
                self.seconds.setText(f"{step.duration_s:.0f}")
            self.hides.setChecked(draft.hidden_until == step.id)
            self.acts.show_step(step)
            self.live.show_step(step)
            self.pictures.show_pictures()
            count = narration_words(step)
            self._words.setText(f"{count} of {MOST_WORDS} words that can be read from afar")
            set_tone(self._words, "text2" if count <= MOST_WORDS else "disagree")
        finally:
            self._showing = False
            self._show_card()


def _put(field: QLineEdit, text: str) -> None:
    if field.text() != text:
        field.setText(text)
        # A long text is read from its beginning.
        field.setCursorPosition(0)
