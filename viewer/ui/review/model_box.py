"""The card of one model, from which it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Badge, Button, Card, ElidedLabel, Kind, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

    from viewer.domain.model_card import ModelCard
    from viewer.ui.theme import Theme

MOST_NAME = 200


class ModelBox(Card):
    """What a model looks for and its first limit, a button that runs it, and all else of its card on demand."""

    wanted = Signal()

    def __init__(self, theme: Theme, card: ModelCard) -> None:
        super().__init__()
        self.title = card.name
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        name = ElidedLabel(card.name, Type.NAME)
        name.setMinimumWidth(min(name.sizeHint().width(), MOST_NAME))
        head.addWidget(name, 1)
        kind = ElidedLabel("", Type.CAPTION, "text2")
        whole = f"{card.task.capitalize()} · {card.version}" if card.task else card.version
        kind.set_whole(whole, shorter=(card.version,))
        kind.setMinimumWidth(kind.least_width)
        kind.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        kind.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(kind)
        column.addLayout(head)
        first, rest = _first_sentence(card.limitations)
        for sentence, tone in ((card.intended_use, "text"), (first, "text2")):
            if sentence:
                column.addWidget(_paragraph(sentence, tone))
        column.addSpacing(4)
        # A line of its own: beside the buttons it has no room in the narrow panel.
        column.addLayout(_badges(theme, card))
        column.addLayout(self._foot(theme, card))
        # Below the buttons, so that they stay where they are.
        self.details = _details(card, rest)
        self.details.hide()
        column.addWidget(self.details)

    def _foot(self, theme: Theme, card: ModelCard) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addStretch()
        self.more = Button(theme, "Details", icon="chevron-down", kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        self.more.setToolTip(f"All that is known of {card.name}: its limits, and how well it did where it was measured")
        self.more.clicked.connect(self._turn)
        foot.addWidget(self.more)
        run = Button(theme, "Run", icon="play", height=BAR_CONTROL_HEIGHT)
        run.setToolTip(f"Run {card.name} on this volume")
        run.clicked.connect(self.wanted)
        foot.addWidget(run)
        return foot

    def _turn(self) -> None:
        opens = self.details.isHidden()
        self.details.setVisible(opens)
        self.more.icon_name = "chevron-up" if opens else "chevron-down"
        self.more.update()


def _badges(theme: Theme, card: ModelCard) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    if card.rules:
        badge = Badge(theme, "Rules, no training")
        badge.setToolTip("This model is a set of fixed rules; it gives no score.")
        row.addWidget(badge)
    if card.synthetic_only:
        badge = Badge(theme, "For synthetic CT", icon="triangle-alert", role="disagree")
        badge.setToolTip("It was trained on synthetic CT alone; on a patient's CT its answer means nothing.")
        row.addWidget(badge)
    row.addStretch()
    return row


def _first_sentence(text: str) -> tuple[str, str]:
    end = text.find(". ")
    return (text, "") if end < 0 else (text[: end + 1], text[end + 2 :])


def _paragraph(text: str, tone: str) -> QLabel:
    label = text_label(text, Type.CAPTION, tone)
    label.setWordWrap(True)
    return label


def _details(card: ModelCard, more_limits: str) -> QWidget:
    """Return the rest of a card: limits, what it was trained on, and each figure with what it was measured on."""
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    for sentence in (more_limits, f"Trained on: {card.trained_on}" if card.trained_on else ""):
        if sentence:
            grid.addWidget(_paragraph(sentence, "text2"), grid.rowCount(), 0, 1, 2)
    for name, words in card.metrics:
        value, _, measured_on = words.partition(", ")
        row = grid.rowCount()
        grid.addWidget(_paragraph(name, "text"), row, 0)
        figure = text_label(value, Type.CAPTION, "text")
        grid.addWidget(figure, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_paragraph(measured_on, "text2"), row + 1, 0, 1, 2)
    return made
