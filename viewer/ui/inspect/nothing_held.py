"""Why nothing is held against a truth: none is known, no model has run, nothing is open; and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from viewer.domain.count_words import count_words
from viewer.ui.empty import EmptyState
from viewer.ui.widgets import Button

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

_NOTHING_OPEN = ("Findings against the truth", "Pick a case that has a ground truth: most demo cases have one.")
_NO_TRUTH = (
    "No ground truth",
    "Nothing is known of this scan to hold findings against. A case brings it, or masks in a folder “truth” beside it.",
)
_NOT_RUN = "No model has run"


class NothingHeld(QStackedWidget):
    """Stands in the place of the errors; `follow` says it anew."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme, self._actions = desk, theme, actions
        self._no_truth = self._made("place.library", "Choose a case", "layout-grid")
        self._no_model = self._made("model.run", "Run a model…")
        self._again_button = self._button("model.last", "")
        self._again = EmptyState(theme, "chart-line", "", "", self._again_button)
        self.addWidget(self._again)

    @property
    def words(self) -> tuple[str, str, str]:
        """What it says: title, sentence, and the button."""
        shown = self.currentWidget()
        assert isinstance(shown, EmptyState)
        button = shown.findChild(Button)
        return shown.title.text(), shown.sentence.text(), button.text() if button is not None else ""

    def follow(self) -> None:
        """Say why nothing is held against a truth now."""
        session, last = self._desk.session, self._desk.finding_run.last
        if session.volume is None or session.truth is None:
            self._no_truth.say(*(_NOTHING_OPEN if session.volume is None else _NO_TRUTH))
            self.setCurrentWidget(self._no_truth)
            return
        known = count_words(len(session.lesions), "lesion") if session.lesions else "nothing to find here"
        page = self._no_model if last is None else self._again
        page.say(_NOT_RUN, f"Truth: {known}. Run a model, and what it finds is held against that.")
        if last is not None:
            self._again_button.set_words(f"Run {last.name}")
        self.setCurrentWidget(page)

    def _button(self, command: str, words: str, icon: str = "") -> Button:
        button = Button.of(self._theme, self._actions[command], self._actions.table[command], text=words)
        button.icon_name = icon or button.icon_name
        button.key = ""
        return button

    def _made(self, command: str, words: str, icon: str = "") -> EmptyState:
        made = EmptyState(self._theme, "chart-line", "", "", self._button(command, words, icon))
        self.addWidget(made)
        return made
