"""The window's part in comparing two models: choosing them, and the panel in the place of the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.session import Workspace
from viewer.ui.messages import Message
from viewer.ui.models.models_commands import ModelsAsks

if TYPE_CHECKING:
    from viewer.domain.model_card import ModelCard
    from viewer.ui.main_window import MainWindow
    from viewer.ui.models.models_panel import ModelsPanel
    from viewer.ui.models.pair_sheet import PairSheet


class ModelsHere:
    """Stands between one window and the comparison of two models; `connect` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._desk = window, window.desk
        self.sheet: PairSheet | None = None
        self.panel: ModelsPanel | None = None
        self.inspecting: ModelsPanel | None = None
        self._on = False

    def asks(self) -> ModelsAsks:
        """Return what the commands ask."""
        return ModelsAsks(self.choose, self.again)

    def connect(self) -> None:
        """Follow what is compared."""
        models, window = self._desk.two_models, self._window
        models.changed.connect(self._changed)
        models.failed.connect(lambda error: window.tell(Message.of(error)))
        models.refused.connect(self._refused)
        self._desk.case_making.changed.connect(self._changed)
        self._desk.session.workspace_changed.connect(self._changed)

    def choose(self) -> None:
        """Ask for two models."""
        if self.sheet is None:
            from viewer.ui.models.pair_sheet import PairSheet

            self.sheet = PairSheet(self._window, self._window.theme)
            self.sheet.chosen.connect(self._compare)
        cards = self._desk.finding_run.models()
        if len(cards) < 2:
            self._window.tell(Message("Two models are needed, and there are not as many.", "Plug in another one."))
            return
        first, second = self._desk.two_models.pair or self._usual(cards)
        self.sheet.ask(cards, first, second)

    def again(self) -> None:
        """Compute both anew."""
        pair = self._desk.two_models.pair
        if pair is not None:
            self._compare(*pair, True)

    def _usual(self, cards: tuple[ModelCard, ...]) -> tuple[str, str]:
        """Return the model whose findings are shown, and another one, trained rather than rules."""
        known = [card.id for card in sorted(cards, key=lambda card: card.rules)]
        shown = next((f.source.model_id for f in self._desk.session.findings if f.source.model_id in known), known[0])
        return shown, next(model for model in known if model != shown)

    def _compare(self, a: str, b: str, again: bool) -> None:
        self._on = False
        self._window.tell(Message("The two models are at work.", calm=True, passing=True))
        self._desk.two_models.compare(a, b, again=again)

    def _refused(self, card: ModelCard, sentence: str, pair: tuple[str, str]) -> None:
        def anyway() -> None:
            self._window.messages.clear()
            self._desk.two_models.compare(*pair, anyway=True)

        words = f"{card.name} was not made for this volume."
        self._window.tell(Message(words, sentence, action="Run anyway", act=anyway))

    def _changed(self, *_: object) -> None:
        window, desk = self._window, self._desk
        on = desk.two_models.pair is not None
        if on and not self._on:
            window.messages.clear()
        self._on = on
        making = desk.case_making.draft is not None
        place = desk.session.workspace
        if on and self.panel is None:
            from viewer.ui.models.models_panel import ModelsPanel

            self.panel = ModelsPanel(desk, window.theme, window.actions_)
        if not making and (self.panel is not None) and (place is Workspace.REVIEW or not on):
            window.review.show_models(self.panel if on else None)
        if place is Workspace.INSPECT:
            if on and self.inspecting is None:
                from viewer.ui.models.models_panel import ModelsPanel

                self.inspecting = ModelsPanel(desk, window.theme, window.actions_)
            window.inspect.show_models(self.inspecting if on else None)
        window.refresh_soon()
