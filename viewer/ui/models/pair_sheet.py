"""Which two models to hold against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout

from viewer.ui.fonts import Type
from viewer.ui.making.tick import Tick
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from viewer.domain.model_card import ModelCard
    from viewer.ui.theme import Theme


class _Choice(Button):
    """One model of a column, of which one is chosen."""

    def __init__(self, theme: Theme, words: str) -> None:
        super().__init__(theme, words, icon="circle", kind=Kind.FLAT)
        self.setCheckable(True)
        self.toggled.connect(self._show)

    def _show(self, on: bool) -> None:
        self.icon_name = "circle-dot" if on else "circle"
        self.update()


class PairSheet(Sheet):
    """Two columns of models. `chosen` carries the ids of A and B, and whether both are to be computed anew."""

    chosen = Signal(str, str, bool)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Compare two models", width=640, top=0.18)
        said = "Both are run on this volume, or taken as recorded. A is drawn with solid lines, B with dashed ones."
        label = text_label(said, Type.BODY, "text2")
        label.setWordWrap(True)
        self.body.addWidget(label)
        self._groups: tuple[QButtonGroup, QButtonGroup] = (QButtonGroup(self), QButtonGroup(self))
        columns = QHBoxLayout()
        columns.setSpacing(24)
        self._columns = []
        for group, title in zip(self._groups, ("A", "B"), strict=True):
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(text_label(title, Type.PANEL_TITLE))
            self._columns.append(column)
            columns.addLayout(column, 1)
            group.buttonToggled.connect(self._update)
        self.let_scroll().addLayout(columns)
        row = QHBoxLayout()
        self.again = Tick(theme, "Compute both anew")
        self.again.setToolTip("Run both also where a recorded result is there")
        row.addWidget(self.again)
        row.addStretch()
        self._go = Button(theme, "Compare", key="Return", kind=Kind.MAIN)
        self._go.clicked.connect(self._choose)
        row.addWidget(self._go)
        self.body.addLayout(row)
        self._ids: tuple[str, ...] = ()

    def ask(self, cards: Sequence[ModelCard], first: str, second: str) -> None:
        """Open with the models of this machine, two of them chosen."""
        if tuple(card.id for card in cards) != self._ids:
            self._ids = tuple(card.id for card in cards)
            for group, column in zip(self._groups, self._columns, strict=True):
                for old in group.buttons():
                    group.removeButton(old)
                    old.deleteLater()
                for n, card in enumerate(cards):
                    button = _Choice(self.theme, card.name)
                    button.setToolTip(card.intended_use)
                    group.addButton(button, n)
                    column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        for group, wanted in zip(self._groups, (first, second), strict=True):
            if wanted in self._ids:
                group.button(self._ids.index(wanted)).setChecked(True)
        self.again.setChecked(False)
        self._update()
        self.open(self._go)

    @property
    def pair(self) -> tuple[str, str]:
        """The ids that are chosen; "" where none is."""
        first, second = (group.checkedId() for group in self._groups)
        return (self._ids[first] if first >= 0 else ""), (self._ids[second] if second >= 0 else "")

    def choose(self, side: int, model_id: str) -> None:
        """Choose a model for A (0) or B (1)."""
        self._groups[side].button(self._ids.index(model_id)).setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Compare on Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
            event.accept()
            return
        super().keyPressEvent(event)

    def _update(self, *_: object) -> None:
        a, b = self.pair
        self._go.setEnabled(bool(a and b) and a != b)
        self._go.setToolTip("" if self._go.isEnabled() else "Choose two different models.")

    def _choose(self) -> None:
        if self._go.isEnabled():
            self.dismiss()
            self.chosen.emit(*self.pair, self.again.isChecked())
