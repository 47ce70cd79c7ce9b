"""What a step asks and does by itself, edited: a question with its answer, a sweep of the threshold, the curtain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from viewer.domain.reading_direction import isolated
from viewer.domain.step_acts import LONGEST_ACT_S, LONGEST_QUESTION, SHORTEST_ACT_S, CurtainDraw, Question, Sweep
from viewer.domain.view_state import Comparison
from viewer.ui.fonts import Type, font
from viewer.ui.making.tick import Tick
from viewer.ui.widgets import Button, panel_column, set_tone, text_label

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Step
    from viewer.services.case_making import CaseMaking
    from viewer.ui.theme import Theme

SWEEPS = "Let the threshold move from one value to another once the step is there; findings come and go by their score"
DRAWS = "Draw the curtain from one share of the width to another once the step is there"
NO_CURTAIN = "The step's view shows no curtain: Shift+6 beside a second series, then “Use this view”."
_WRONG = "From and to lie between 0 and 1 and differ."


class _Run(QWidget):
    """A tick, and from, to and seconds of what moves by itself."""

    def __init__(self, theme: Theme, words: str, what: str, usual: tuple[float, float, float]) -> None:
        super().__init__()
        self._usual = usual
        column = panel_column(self, 4)
        self.tick = Tick(theme, words)
        self.tick.setFixedHeight(36)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.tick)
        row.addStretch()
        self.fields = tuple(_number(f"{what}: {name}") for name in ("from", "to", "seconds"))
        for field, name in zip(self.fields, ("to", "in", "s"), strict=True):
            row.addWidget(field)
            row.addWidget(text_label(name, Type.BODY, "text2"))
        self.wrong = text_label(_WRONG, Type.CAPTION, "disagree")
        self.wrong.hide()
        column.addLayout(row)
        column.addWidget(self.wrong)

    @property
    def values(self) -> tuple[float, float, float] | None:
        """What stands in the fields; None where that cannot be shown."""
        try:
            first, last, seconds = (float(field.text()) for field in self.fields)
        except ValueError:
            return None
        good = 0 <= first <= 1 and 0 <= last <= 1 and first != last and SHORTEST_ACT_S <= seconds <= LONGEST_ACT_S
        return (first, last, seconds) if good else None

    def show_values(self, values: tuple[float, float, float] | None) -> None:
        """Show what a step has; None for nothing, which leaves in the fields what is usual."""
        self.tick.setChecked(values is not None)
        for field, value in zip(self.fields, values or self._usual, strict=True):
            field.setEnabled(values is not None)
            if not field.hasFocus() and field.text() != f"{value:g}":
                field.setText(f"{value:g}")
        self.wrong.setVisible(values is not None and self.values is None)


class ActsEditor(QWidget):
    """Follows the step in hand of a draft."""

    def __init__(self, making: CaseMaking, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._making, self._session = making, session
        self._showing = False
        column = panel_column(self)
        self.question = QLineEdit()
        self.question.setFont(font(Type.BODY))
        self.question.setFixedHeight(40)
        self.question.setMaxLength(LONGEST_QUESTION)
        self.question.setPlaceholderText("Ask the audience first, such as “Where is it?”")
        self.question.setAccessibleName("Question to the audience")
        self.answer = text_label("", Type.CAPTION, "text2")
        self.answer.setWordWrap(True)
        self.by_finding = Button(theme, "Selected finding", height=32)
        self.by_finding.setToolTip("The answer is the finding that is selected now")
        self.by_place = Button(theme, "Crosshair", height=32)
        self.by_place.setToolTip("The answer is the place of the crosshair now")
        row = QHBoxLayout()
        row.addWidget(text_label("Answer", Type.BODY, "text2"))
        row.addWidget(self.by_finding)
        row.addWidget(self.by_place)
        row.addStretch()
        self.sweep = _Run(theme, "Sweep", "Threshold", (0.95, 0.5, 8.0))
        self.curtain = _Run(theme, "Curtain", "Curtain, a share of the width", (0.9, 0.1, 4.0))
        self.sweep.tick.setToolTip(SWEEPS)
        column.addWidget(self.question)
        column.addLayout(row)
        column.addWidget(self.answer)
        column.addWidget(self.sweep)
        column.addWidget(self.curtain)
        column.addStretch()
        self.question.textEdited.connect(self._ask)
        self.by_finding.clicked.connect(self._by_finding)
        self.by_place.clicked.connect(self._by_place)
        for run, change in ((self.sweep, self._sweep), (self.curtain, self._curtain)):
            run.tick.toggled.connect(change)
            for field in run.fields:
                field.textEdited.connect(change)

    def show_step(self, step: Step) -> None:
        """Show what a step asks and does."""
        self._showing = True
        try:
            asked = step.question
            if self.question.text() != (asked.text if asked is not None else ""):
                self.question.setText(asked.text if asked is not None else "")
            for button in (self.by_finding, self.by_place):
                button.setEnabled(asked is not None)
            self.answer.setText(self._answer_words(step))
            self.answer.setVisible(asked is not None)
            sweep, curtain = step.sweep, step.curtain
            for run, act in ((self.sweep, sweep), (self.curtain, curtain)):
                run.show_values((act.start, act.end, act.duration_s) if act is not None else None)
            hangs = step.view.comparison is Comparison.CURTAIN
            self.curtain.tick.setEnabled(hangs)
            self.curtain.tick.setToolTip(DRAWS if hangs else f"{DRAWS}\n{NO_CURTAIN}")
        finally:
            self._showing = False

    # --- what is said of it

    def _answer_words(self, step: Step) -> str:
        asked = step.question
        if asked is None:
            return ""
        if asked.at_lps_mm is not None:
            return "The answer is a place, where the crosshair was."
        named = asked.finding or step.view.selected_finding
        known = (*self._session.lesions, *self._session.findings)
        one = next((finding for finding in known if finding.id == named), None)
        if one is not None:
            set_tone(self.answer, "text2")
            return f"The answer is: {isolated(one.label)}" + (f", {one.place.lower()}." if one.place else ".")
        return "The answer is whatever lesion is nearest." if not named else "The answer is a finding that is not here."

    # --- what is changed

    def _step(self) -> Step | None:
        return None if self._showing else self._making.in_hand

    def _ask(self, text: str) -> None:
        step = self._step()
        if step is None:
            return
        old = step.question or Question("")
        asked = Question(text, old.finding, old.at_lps_mm) if text.strip() else None
        self._making.ask(step.id, asked)

    def _by_finding(self) -> None:
        step, chosen = self._step(), self._session.selected
        if step is not None and step.question is not None:
            self._making.ask(step.id, Question(step.question.text, chosen.id if chosen is not None else ""))

    def _by_place(self) -> None:
        step, view = self._step(), self._session.view
        if step is not None and step.question is not None and view is not None:
            self._making.ask(step.id, Question(step.question.text, at_lps_mm=view.cursor_lps_mm))

    def _sweep(self, *_: object) -> None:
        step = self._step()
        if step is None:
            return
        on, values = self.sweep.tick.isChecked(), self.sweep.values
        if on and step.sweep is None:
            # Down to the threshold of the step, where Resume lands.
            end = round(step.view.threshold, 3)
            self._making.sweep(step.id, Sweep(0.95 if end < 0.9 else 0.05, end))
        elif not on:
            self._making.sweep(step.id, None)
        elif values is not None:
            self._making.sweep(step.id, Sweep(*values))
        self.sweep.wrong.setVisible(on and self.sweep.values is None)

    def _curtain(self, *_: object) -> None:
        step = self._step()
        if step is None:
            return
        on, values = self.curtain.tick.isChecked(), self.curtain.values
        if on and step.curtain is None:
            self._making.draw_curtain(step.id, CurtainDraw(0.9, 0.1))
        elif not on:
            self._making.draw_curtain(step.id, None)
        elif values is not None:
            self._making.draw_curtain(step.id, CurtainDraw(*values))
        self.curtain.wrong.setVisible(on and self.curtain.values is None)


def _number(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setFont(font(Type.BODY))
    field.setAccessibleName(name)
    field.setFixedSize(62, 40)
    field.setValidator(QDoubleValidator(0.0, LONGEST_ACT_S, 3, field))
    return field
