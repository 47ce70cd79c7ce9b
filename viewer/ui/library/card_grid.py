"""Cards in rows: as many beside each other as the width takes, chosen by arrows, digits and mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.ui.library.card_pictures import CardPictures
from viewer.ui.library.case_card import CaseCard, card_height
from viewer.ui.library.drop_card import DropCard
from viewer.ui.widgets import KEYBOARD_REASONS

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent

    from viewer.domain.walkthrough import Case
    from viewer.ui.theme import Theme

GAP = 16
ROW_GAP = 24
USUAL_WIDTH = 444
BOUNDLESS = 1 << 24

_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


def columns_for(width: int) -> int:
    """Return how many cards stand beside each other: four on 1920, three on 1280, five on 2560."""
    return max(1, round((width + GAP) / (USUAL_WIDTH + GAP)))


class CardGrid(QWidget):
    """The cases that are shown, and the drop card after them.

    `presented` carries the case to present, `selection_changed` the case that is picked or None, `reveal` the card
    that the page has to scroll to, `menu_wanted` where on the screen a menu for the picked case is to be.
    """

    presented = Signal(object)
    selection_changed = Signal(object)
    reveal = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pictures = CardPictures(self)
        self._cards: list[CaseCard] = []
        self._shown: list[CaseCard] = []
        self._index = 0
        self._room = BOUNDLESS
        self._by_keyboard = False
        self.drop = DropCard(theme, self)
        self.drop.picked.connect(lambda: self.pick(len(self._shown)))
        self.setAccessibleName("Cases")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("own_focus", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def fit(self, room: int) -> None:
        """Let each card be seen whole where the page shows so many pixels at once, as far as it can be read."""
        if room != self._room:
            self._room = room
            self._arrange()

    @property
    def shown_cases(self) -> tuple[Case, ...]:
        """The cases on show, in order."""
        return tuple(card.case for card in self._shown)

    @property
    def selected(self) -> Case | None:
        """The picked case, or None where the drop card is picked."""
        return self._shown[self._index].case if self._index < len(self._shown) else None

    def card(self, case_id: str) -> CaseCard | None:
        """Return the card of a case."""
        return next((card for card in self._cards if card.case.id == case_id), None)

    def set_cases(self, cases: list[tuple[Case, str, str]]) -> None:
        """Show cases with their states, and when each was last rehearsed; the cards of those that stay are kept."""
        before = {card.case.id: card for card in self._cards}
        self._cards = []
        for case, state, rehearsed in cases:
            card = before.get(case.id)
            if card is not None and card.case is case and (card.state, card.rehearsed) == (state, rehearsed):
                del before[case.id]
            else:
                card = self._made_card(case, state, rehearsed)
            self._cards.append(card)
        for gone in before.values():
            gone.hide()
            gone.deleteLater()
        self.show_only(tuple(case.id for case, *_ in cases))

    def show_only(self, case_ids: tuple[str, ...]) -> None:
        """Show some of the cases."""
        held, wanted = self.selected, set(case_ids)
        self._shown = [card for card in self._cards if card.case.id in wanted]
        for card in self._cards:
            card.setVisible(card.case.id in wanted)
        self._arrange()
        ids = [card.case.id for card in self._shown]
        self.pick(ids.index(held.id) if held is not None and held.id in ids else 0)

    def pick(self, index: int) -> None:
        """Pick a card by its place; the one after the last case is the drop card."""
        self._index = min(max(index, 0), len(self._shown))
        for n, card in enumerate(self._shown):
            card.selected = n == self._index
        self.drop.selected = self._index == len(self._shown) and self.hasFocus()
        self._show_focus()
        self.selection_changed.emit(self.selected)
        self._reveal_picked()

    def _reveal_picked(self) -> None:
        self.reveal.emit(self._shown[self._index] if self._index < len(self._shown) else self.drop)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Show the picked card where the keys came by Tab: it may have been scrolled away."""
        super().focusInEvent(event)
        self._by_keyboard = event.reason() in KEYBOARD_REASONS
        if self._by_keyboard:
            self._reveal_picked()
        self._show_focus()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:  # noqa: N802 (Qt's name)
        """Return the picked card as what has the keys: a page that is tabbed through scrolls to it, not to them all."""
        if query is Qt.InputMethodQuery.ImCursorRectangle:
            picked = self._shown[self._index] if self._index < len(self._shown) else self.drop
            return picked.geometry()
        return super().inputMethodQuery(query)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Keys go elsewhere."""
        super().focusOutEvent(event)
        self._show_focus()

    def _show_focus(self) -> None:
        """Let the picked card of a grid that is used by the keyboard show that arrows go from it."""
        for card in self._cards:
            card.focused = card.selected and self._by_keyboard and self.hasFocus()

    def pick_case(self, case_id: str) -> bool:
        """Pick the card of a case; return False where it is not shown."""
        at = next((n for n, card in enumerate(self._shown) if card.case.id == case_id), None)
        if at is not None:
            self.pick(at)
        return at is not None

    def heightForWidth(self, width: int) -> int:  # noqa: N802 (Qt's name)
        """Return the height of all rows."""
        columns = columns_for(width)
        rows = -(-(len(self._shown) + 1) // columns)
        height = self._card_height(width)
        return (rows - 1) * (height + ROW_GAP) + max(height, self.drop.sizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room all cards need at this width."""
        return QSize(self.width(), self.heightForWidth(max(self.width(), 1)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Place the cards anew."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Move by arrows, Home, End and digits; Enter presents, or browses on the drop card."""
        key = Qt.Key(event.key())
        self._by_keyboard = True
        if key in _STEPS:
            across, down = _STEPS[key]
            goal = self._index + across + down * columns_for(self.width())
            if 0 <= goal <= len(self._shown):
                self.pick(goal)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.pick(0 if key == Qt.Key.Key_Home else len(self._shown))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._enter()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and key - Qt.Key.Key_1 < len(self._shown):
            self.pick(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Ask for a menu of the card under the pointer, or by the keyboard of the one that is picked."""
        keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        if not keyboard:
            under = next((n for n, card in enumerate(self._shown) if card.geometry().contains(event.pos())), None)
            if under is None:
                return
            self.pick(under)
        if self._index < len(self._shown):
            card = self._shown[self._index]
            self.menu_wanted.emit(card.mapToGlobal(card.rect().center()) if keyboard else event.globalPos())

    def _enter(self) -> None:
        if self._index == len(self._shown):
            self.drop.folder_wanted.emit()
        elif self._shown[self._index].ready:
            self.presented.emit(self._shown[self._index].case)

    def _picked(self, card: CaseCard) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._by_keyboard = False
        self.pick(self._shown.index(card))

    def _made_card(self, case: Case, state: str, rehearsed: str) -> CaseCard:
        card = CaseCard(self._theme, case, state, self._pictures, self, rehearsed=rehearsed)
        card.picked.connect(lambda: self._picked(card))
        card.presented.connect(lambda: self.presented.emit(card.case))
        card.menu_wanted.connect(self.menu_wanted)
        card.show()
        return card

    def _card_width(self, width: int) -> int:
        columns = columns_for(width)
        return min((width - GAP * (columns - 1)) // columns, round(USUAL_WIDTH * 1.25))

    def _card_height(self, width: int) -> int:
        return card_height(self._card_width(width), self._room, alone=columns_for(width) == 1)

    def _arrange(self) -> None:
        width, height = self._card_width(self.width()), self._card_height(self.width())
        columns = columns_for(self.width())
        for n, card in enumerate([*self._shown, self.drop]):
            x, y = n % columns * (width + GAP), n // columns * (height + ROW_GAP)
            card.setGeometry(x, y, width, max(height, card.sizeHint().height()))
        wanted = self.heightForWidth(self.width())
        if self.minimumHeight() != wanted:
            self.setFixedHeight(wanted)
