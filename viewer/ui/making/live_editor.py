"""Whether a step runs a model on stage, which one, for how long at most, and whether it waits for the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QWidget

from viewer.domain.step_acts import LONGEST_LIVE_S, SHORTEST_LIVE_S, LiveRun
from viewer.ui.fonts import Type, font
from viewer.ui.making.tick import Tick
from viewer.ui.widgets import Button, panel_column, text_label

if TYPE_CHECKING:
    from viewer.domain.model_card import ModelCard
    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Step
    from viewer.services.case_making import CaseMaking
    from viewer.services.finding_run import FindingRun
    from viewer.ui.theme import Theme

RUNS = "Run the model on stage when the step is shown; where it is not done in time, the recorded result is shown"
NOT_WITH_MODELS = "The step compares two models: it shows what both said."
USUAL_S = 10.0


class LiveEditor(QWidget):
    """Follows the step in hand of a draft."""

    def __init__(
        self, making: CaseMaking, session: Session, run: FindingRun, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._making, self._session, self._run = making, session, run
        self._showing = False
        column = panel_column(self, 4)
        self.tick = Tick(theme, "Run live")
        self.tick.setFixedHeight(36)
        self._model_id = ""
        self.model = Button(theme, "", icon="chevron-down", height=36)
        self.model.setToolTip("The model that the step runs")
        self.model.clicked.connect(self._offer)
        self.seconds = QLineEdit()
        self.seconds.setFont(font(Type.BODY))
        self.seconds.setFixedSize(62, 40)
        self.seconds.setAccessibleName("Most seconds of the live run")
        self.seconds.setToolTip("After so many seconds the recorded result is shown")
        self.seconds.setValidator(QDoubleValidator(SHORTEST_LIVE_S, LONGEST_LIVE_S, 1, self.seconds))
        self.on_key = Tick(theme, "When L is pressed")
        self.on_key.setFixedHeight(36)
        self.on_key.setToolTip("Do not run by itself, but when the presenter presses L")
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(4)
            column.addLayout(row)
        first.addWidget(self.tick)
        first.addWidget(self.model, 1)
        second.addWidget(self.on_key)
        second.addStretch()
        second.addWidget(text_label("at most", Type.BODY, "text2"))
        second.addWidget(self.seconds)
        second.addWidget(text_label("s", Type.BODY, "text2"))
        self.tick.toggled.connect(self._change)
        self.on_key.toggled.connect(self._change)
        self.seconds.textEdited.connect(self._change)
        run.listed.connect(self._name_model)

    def show_step(self, step: Step) -> None:
        """Show what a step runs."""
        live = step.live
        self._showing = True
        try:
            self._model_id = live.model_id if live is not None else self._usual()
            self._name_model()
            self.tick.setChecked(live is not None)
            self.tick.setEnabled(step.view.models is None)
            self.tick.setToolTip(RUNS if step.view.models is None else NOT_WITH_MODELS)
            self.on_key.setChecked(live is not None and live.on_key)
            most_s = live.most_s if live is not None else USUAL_S
            if not self.seconds.hasFocus() and self.seconds.text() != f"{most_s:g}":
                self.seconds.setText(f"{most_s:g}")
            for widget in (self.model, self.on_key, self.seconds):
                widget.setEnabled(live is not None)
        finally:
            self._showing = False

    def _usual(self) -> str:
        """Return the id of the model whose findings are shown, else of any that is here, or ""."""
        shown = next((f.source.model_id for f in self._session.findings if f.source.model_id), "")
        return shown or next((card.id for card in self._cards), "")

    @property
    def _cards(self) -> tuple[ModelCard, ...]:
        return self._run.models() if self._run.known else ()

    def _name_model(self) -> None:
        if not self._run.known:
            self._run.look_for_models()
        self._model_id = self._model_id or self._usual()
        name = next((card.name for card in self._cards if card.id == self._model_id), self._model_id)
        self.model.set_words(name or "No model is here")

    def _offer(self) -> None:
        menu = QMenu(self)
        for card in self._cards:
            # A menu takes one ampersand for the mark of a key.
            menu.addAction(card.name.replace("&", "&&")).triggered.connect(
                lambda _=False, card=card: self.choose(card.id)
            )
        menu.exec(self.model.mapToGlobal(self.model.rect().bottomLeft()))
        menu.deleteLater()

    def choose(self, model_id: str) -> None:
        """Let the step run another model."""
        self._model_id = model_id
        self._change()

    def _change(self, *_: object) -> None:
        step = self._making.in_hand
        if step is None or self._showing:
            return
        if not self.tick.isChecked() or not self._model_id:
            self._making.run_live(step.id, None)
            return
        try:
            most_s = min(max(float(self.seconds.text()), SHORTEST_LIVE_S), LONGEST_LIVE_S)
        except ValueError:
            return
        self._making.run_live(step.id, LiveRun(self._model_id, most_s, self.on_key.isChecked()))
