"""Where a model is chosen and run: cards, progress, refusal, and a run that found nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from viewer.domain.count_words import threshold_words
from viewer.ui.empty import EmptyState
from viewer.ui.fonts import Type
from viewer.ui.review.model_box import ModelBox
from viewer.ui.status_bar import progress_words
from viewer.ui.when_painted import IMAGES_ALONE_MS, PAINTED_AFTER_MS
from viewer.ui.widgets import Button, ElidedLabel, ProgressBar, text_label

if TYPE_CHECKING:
    from viewer.domain.job import Progress
    from viewer.domain.model_card import ModelCard
    from viewer.domain.volume import Volume
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme


INVITATION = "Choose a model to look at this scan."
NOTHING_OPEN = "Open a scan to look at it with a model."


class RunPanel(QStackedWidget):
    """Models to choose from, the run itself, and what came of it.

    `left` asks for the findings again, `wanted` to be shown.
    """

    left = Signal()
    wanted = Signal()

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._running: ModelCard | None = None
        self._refused: ModelCard | None = None
        self._looked = self._listed = False
        self.setProperty("surface", "panel")
        self._chooser = self._make_chooser()
        self._progress = self._make_progress()
        self._anyway = Button(theme, "Run anyway", icon="play")
        self._anyway.setToolTip("Run the model although it was not made for this volume")
        self._anyway.clicked.connect(self._run_anyway)
        self._refusal = EmptyState(
            theme, "triangle-alert", "Not made for this volume", "", self._anyway, role="disagree"
        )
        lower = Button(theme, "Choose another model")
        lower.clicked.connect(self.choose)
        self._lower = lower
        self._nothing = EmptyState(theme, "inbox", "No findings", "", lower)
        for page in (self._chooser, self._progress, self._refusal, self._nothing):
            self.addWidget(page)
        run = desk.finding_run
        run.listed.connect(self._list_models)
        self._models_due = QTimer(self, singleShot=True)
        self._models_due.timeout.connect(self._look_for_models)
        desk.session.volume_changed.connect(self._look)
        desk.opening.seen.connect(lambda: self._models_due.start(IMAGES_ALONE_MS))
        if desk.session.volume is not None and desk.session.volume.preview:
            self._models_due.start(0)
        run.busy.connect(self._busy)
        run.refused.connect(self._refuse)

    @property
    def refusal_words(self) -> str:
        """The sentence of a model that refused, while it is shown."""
        return self._refusal.sentence.text() if self.currentWidget() is self._refusal else ""

    @property
    def boxes(self) -> list[ModelBox]:
        """The cards of the models."""
        return self._body.findChildren(ModelBox)

    @property
    def wanted_px(self) -> int:
        """The height at which all models are seen; what else is shown here has its place in the least height."""
        if self.currentWidget() is not self._chooser:
            return 0
        margins = self._column.contentsMargins()
        around = margins.top() + self._invitation.height() + self._column.spacing() + margins.bottom()
        return around + self._boxes.totalHeightForWidth(self._body.width())

    def choose(self) -> None:
        """Show the models."""
        self._look(self._desk.session.volume)
        if not self._desk.finding_run.running:
            self.setCurrentWidget(self._chooser)

    def say_kept(self, words: str) -> None:
        """Say above the models what was decided earlier; empty where nothing was."""
        nothing = self._desk.session.volume is None
        self._invitation.setText(words or (NOTHING_OPEN if nothing else INVITATION))

    def say_nothing_found(self, threshold: float, below: int, *, ran: bool) -> None:
        """Say that nothing reaches the threshold, and how many lie below it; `ran` where the model did so just now."""
        more = f" {below} {'lies' if below == 1 else 'lie'} below it." if below else ""
        at = threshold_words(threshold)
        said = f"The model ran and reported nothing at {at}." if ran else f"No finding reaches {at}."
        self._nothing.say("No findings", f"{said}{more}")
        self.setCurrentWidget(self._nothing)

    def start(self, card: ModelCard, *, anyway: bool = False) -> None:
        """Run a model."""
        self._running = card
        self._what.set_whole(f"{card.name} is running")
        self._bar.set_fraction(None)
        self._words.setText("Starting")
        self.setCurrentWidget(self._progress)
        self._desk.finding_run.start(card.id, anyway=anyway)
        if not self._desk.finding_run.running and self.currentWidget() is self._progress:
            # It was refused at once, and has been said.
            self.setCurrentWidget(self._chooser)

    def _make_chooser(self) -> QWidget:
        page = QWidget()
        page.setProperty("surface", "panel")
        column = self._column = QVBoxLayout(page)
        column.setContentsMargins(16, 16, 4, 16)
        column.setSpacing(12)
        self._invitation = text_label(NOTHING_OPEN, Type.BODY, "text2")
        self._invitation.setWordWrap(True)
        column.addWidget(self._invitation)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QWidget()
        self._body.setProperty("surface", "panel")
        self._boxes = QVBoxLayout(self._body)
        self._boxes.setContentsMargins(0, 0, 12, 0)
        self._boxes.setSpacing(12)
        self._boxes.addStretch()
        scroll.setWidget(self._body)
        column.addWidget(scroll, 1)
        return page

    def _make_progress(self) -> QWidget:
        page = QWidget()
        page.setProperty("surface", "panel")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 24, 16, 16)
        column.setSpacing(12)
        self._what = ElidedLabel("", Type.PANEL_TITLE)
        self._bar = ProgressBar(self._theme)
        self._words = text_label("", Type.CAPTION, "text2")
        cancel = Button(self._theme, "Cancel", icon="x")
        cancel.setToolTip("Stop the model; the findings stay as they were")
        cancel.clicked.connect(self._cancel)
        for widget in (self._what, self._bar, self._words):
            column.addWidget(widget)
        column.addSpacing(4)
        column.addWidget(cancel)
        column.addStretch()
        return page

    def _look(self, volume: Volume | None, _old: Volume | None = None) -> None:
        # Loading what models need takes its time, which belongs to the images.
        if volume is not None and not volume.preview and not self._looked:
            self._models_due.start(PAINTED_AFTER_MS)

    def _look_for_models(self) -> None:
        if not self._looked:
            self._looked = True
            self._desk.finding_run.look_for_models()

    def _list_models(self) -> None:
        if self._listed:
            return
        run = self._desk.finding_run
        cards = run.models()
        self._listed = True
        for n, card in enumerate(cards):
            box = ModelBox(self._theme, card)
            box.wanted.connect(lambda card=card: self.start(card))
            self._boxes.insertWidget(n, box)
        for problem in run.problems:
            label = text_label(f"{problem.sentence} {problem.hint}".strip(), Type.CAPTION, "text2")
            label.setWordWrap(True)
            self._boxes.insertWidget(self._boxes.count() - 1, label)
        if not cards:
            words = "No model is installed. Put a model folder into the models folder and start again."
            label = text_label(words, Type.BODY)
            label.setWordWrap(True)
            self._boxes.insertWidget(0, label)

    def _busy(self, progress: Progress | None) -> None:
        if progress is not None:
            self._bar.set_fraction(progress.fraction)
            self._words.setText(progress_words(progress))
        elif self.currentWidget() is self._progress:
            self.setCurrentWidget(self._chooser)
            if self._desk.session.findings:
                self.left.emit()

    def _cancel(self) -> None:
        self._desk.finding_run.cancel()

    def _refuse(self, card: ModelCard, sentence: str) -> None:
        self._refused = card
        self._refusal.say(f"{card.name} was not made for this volume", sentence)
        self.setCurrentWidget(self._refusal)
        # Where findings are listed, they lie over a refusal, and nothing seems to have happened.
        self.wanted.emit()

    def _run_anyway(self) -> None:
        if self._refused is not None:
            self.start(self._refused, anyway=True)
