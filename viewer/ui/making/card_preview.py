"""The card of the step in hand as the audience will read it, over the picture and beside the fields."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.ui.present.answer_words import asking_step
from viewer.ui.present.card import MARGIN, WIDTH, Narration

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Step
    from viewer.ui.canvas import Canvas
    from viewer.ui.theme import Theme

STAGE_HEIGHT_PX = 984
LEAST_SCALE = 0.6


class CardPreview(QWidget):
    """Stands in the canvas' corner next to the panel, at the size that it has on a stage of that height."""

    def __init__(self, canvas: Canvas, theme: Theme) -> None:
        super().__init__(canvas)
        self._canvas, self._theme = canvas, theme
        self._told: tuple[object, ...] = ()
        self._narration: Narration | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        canvas.installEventFilter(self)
        theme.changed.connect(self._recoloured)
        self._step: Step | None = None
        self._folder = ""
        self.hide()

    @property
    def words(self) -> str:
        """What the card says, or "" while it is hidden."""
        return self._narration.words if self._narration is not None and not self.isHidden() else ""

    def show_step(self, step: Step | None, *, asking: bool = False, folder: Path | None = None) -> None:
        """Show the card of a step with pictures from a folder, or of its question; None shows nothing."""
        self._folder = str(folder or "")
        if step is not None and asking and step.question is not None:
            step = asking_step(step, step.question, 0)
        self._step = step
        scale = max(self._canvas.height() / STAGE_HEIGHT_PX, LEAST_SCALE)
        # Beside a panel in a narrow window it is smaller than it will be, rather than without its left side.
        scale = min(scale, self._canvas.width() / (WIDTH + MARGIN + 1))
        if step is None or not (step.title.strip() or step.narration.strip()):
            self._told = ()
            self.hide()
            return
        told = (step.title, step.narration, scale, self._folder)
        if told != self._told:
            self._told = told
            self._narration = Narration(self._theme, evolve(step, title=step.title or " "), scale, self._folder)
        assert self._narration is not None
        size, area, margin = self._narration.size, self._canvas.rect(), MARGIN * scale / 2
        self.setGeometry(
            round(area.width() - size.width() - margin),
            max(0, round(area.height() - size.height() - margin)),
            round(size.width()) + 1,
            round(size.height()) + 1,
        )
        self.setAccessibleName(f"On stage: {self._narration.words}")
        self.show()
        self.raise_()
        self.update()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._show_again()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the card as on stage."""
        if self._narration is not None:
            with QPainter(self) as painter:
                self._narration.paint(painter, QPointF(0, 0))

    def _recoloured(self, _name: object = None) -> None:
        self._told = ()
        if not self.isHidden():
            self._show_again()

    def _show_again(self) -> None:
        self.show_step(self._step, folder=Path(self._folder) if self._folder else None)
