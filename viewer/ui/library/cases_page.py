"""The library's first page: search, filter, cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QSpacerItem, QVBoxLayout, QWidget

from viewer.ui.fitting import Fitted
from viewer.ui.fonts import Type
from viewer.ui.library.card_grid import CardGrid
from viewer.ui.library.page_head import LEAST_SEARCH, MARGIN, Page, PageHead, margin_of
from viewer.ui.library.search_field import SearchField
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Button, Kind, Segmented, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.domain.walkthrough import Case
    from viewer.services.cases import CaseShelf
    from viewer.ui.theme import Theme

ALL = "all"
LOW = 400
AROUND = 24
READING = "Reading the cases on this computer…"


def searched_text(case: Case) -> str:
    """Return everything of a case that a search looks at."""
    steps = (f"{step.title} {step.narration}" for step in case.steps)
    return " ".join((case.title, case.summary, case.body_part, *steps)).casefold()


class CasesPage(QWidget):
    """Cards of all cases. `presented` carries a case; `problems_wanted` asks why some cannot be shown."""

    presented = Signal(object)
    folder_wanted = Signal()
    file_wanted = Signal()
    problems_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shelf: CaseShelf | None = None
        self._more = True
        self._part = ALL
        self.setProperty("surface", "window")
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 24, 0, 0)
        column.setSpacing(0)
        self.head = PageHead(theme, Page.CASES)
        self._problems = Button(theme, "", icon="triangle-alert", kind=Kind.FLAT)
        self._problems.icon_role = "disagree"
        self._problems.setToolTip("Show which cases cannot be shown, and why")
        self._problems.clicked.connect(self.problems_wanted)
        self._problems.hide()
        self.head.addWidget(self._problems)
        self.head.addStretch()
        self._parts: Segmented | None = None
        self.search = SearchField(theme, "Search titles and findings", "Ctrl+F", brief="Search")
        self.search.setMinimumWidth(LEAST_SEARCH)
        self.search.setMaximumWidth(360)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.head.addWidget(self.search, 1)
        browse = Button(theme, "Open folder…", icon="folder-open")
        browse.setToolTip("Choose a folder of DICOM files (Ctrl+O)")
        browse.clicked.connect(self.folder_wanted)
        self.head.addWidget(browse)
        self.head.fitted.items += [
            Fitted(
                self._problems, wanted=lambda: bool(self._shelf is not None and self._shelf.problems), compact_from=2
            ),
            Fitted(self.search, least_px=LEAST_SEARCH),
            Fitted(browse, compact_from=1),
        ]
        column.addLayout(self.head)
        self._gap = QSpacerItem(0, 32)
        column.addItem(self._gap)
        self.grid = CardGrid(theme)
        self.grid.presented.connect(self.presented)
        self.grid.drop.folder_wanted.connect(self.folder_wanted)
        self.grid.drop.file_wanted.connect(self.file_wanted)
        self.search.left.connect(lambda: self.grid.setFocus(Qt.FocusReason.TabFocusReason))
        self._none = text_label(READING, Type.BODY, "text2")
        self._none.setContentsMargins(MARGIN, 0, MARGIN, 24)
        column.addWidget(self._none)
        holder = QWidget()
        holder.setProperty("surface", "window")
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(MARGIN, 0, MARGIN - 12, 24)
        inner.addWidget(self.grid)
        inner.addStretch()
        self._scroll = _Room()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Room for the bar is kept free, so that cards do not jump when it comes.
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._scroll.setWidget(holder)
        self._holder_layout = inner
        self.grid.reveal.connect(self._reveal)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_margin)
        self._scroll.height_changed.connect(self.grid.fit)
        column.addWidget(self._scroll, 1)
        self._keep_margin(0, 0)

    @property
    def problem_words(self) -> str:
        """What is said about cases that cannot be shown, or ""."""
        return "" if self._problems.isHidden() else self._problems.text()

    @property
    def empty_words(self) -> str:
        """What is said in place of cards, or ""."""
        return "" if self._none.isHidden() else self._none.text()

    @property
    def scrolled_px(self) -> int:
        """How far the cards are scrolled."""
        return self._scroll.verticalScrollBar().value()

    def show_shelf(
        self,
        shelf: CaseShelf,
        states: dict[str, str],
        rehearsed: dict[str, str] | None = None,
        *,
        more: bool = False,
    ) -> None:
        """Show the cases of a shelf; `states`, and the words when each was `rehearsed`, are by case id.

        Parameters
        ----------
        more
            True while others are still being read.
        """
        self._shelf, self._more = shelf, more
        said = rehearsed or {}
        self.grid.set_cases([(case, states[case.id], said.get(case.id, "")) for case in shelf.cases])
        self._make_parts(shelf)
        count = len(shelf.problems)
        self._problems.set_words("1 case cannot be shown" if count == 1 else f"{count} cases cannot be shown")
        self.head.fit(self.width())
        self._filter()

    def show_over(self, over: bool) -> None:
        """Show that what is dragged over the window would be taken."""
        self.grid.drop.show_over(over)

    def _make_parts(self, shelf: CaseShelf) -> None:
        if self._parts is not None:
            gone, self._parts = self._parts, None
            self.head.removeWidget(gone)
            self.head.fitted.items = [item for item in self.head.fitted.items if item.widget is not gone]
            gone.hide()
            gone.deleteLater()
        names: dict[str, int] = {}
        for case in shelf.cases:
            names[case.body_part] = names.get(case.body_part, 0) + 1
        if len(names) < 2:
            self._part = ALL
            return
        segments = [(ALL, f"All {len(shelf.cases)}", "")]
        segments += [(name, f"{name.capitalize() or 'Other'} {count}", "") for name, count in sorted(names.items())]
        self._parts = Segmented(self._theme, tuple(segments), height=CONTROL_HEIGHT)
        self._parts.choose(self._part if self._part in (ALL, *names) else ALL)
        self._parts.chosen.connect(self._choose_part)
        self.head.insertWidget(self.head.indexOf(self.search), self._parts)
        # Made after everything else, they would be the last that Tab comes to.
        before: QWidget = self._problems
        for name, *_ in segments:
            QWidget.setTabOrder(before, self._parts.button(name))
            before = self._parts.button(name)
        # The search finds parts of the body too.
        self.head.fitted.items.append(Fitted(self._parts, gone_from=4))
        self.head.fit(self.width())

    def _choose_part(self, name: str) -> None:
        self._part = name
        self._filter()

    def _filter(self) -> None:
        if self._shelf is None:
            return
        wanted = self.search.text().casefold().split()
        shown = tuple(
            case.id
            for case in self._shelf.cases
            if self._part in (ALL, case.body_part) and all(word in searched_text(case) for word in wanted)
        )
        self.grid.show_only(shown)
        if self._more and not shown:
            words = READING
        elif not self._shelf.cases:
            words = "No case is installed yet. Open a CT folder, or copy a case into the cases folder."
        elif not shown:
            words = f"No case matches “{self.search.text()}”." if wanted else "No case of this kind."
        else:
            words = ""
        self._none.setText(words)
        self._none.setVisible(bool(words))

    def _reveal(self, card: QWidget) -> None:
        if not self.isVisible():
            # Before the page has its size, cards lie elsewhere; it begins at its top.
            return
        if card.height() + 2 * AROUND > self._scroll.viewport().height():
            self._scroll.verticalScrollBar().setValue(card.y())
        else:
            self._scroll.ensureWidgetVisible(card, 0, AROUND)

    def _keep_margin(self, _least: int, most: int) -> None:
        margin = margin_of(self.width())
        self._holder_layout.setContentsMargins(margin, 0, max(margin - (12 if most else 0), 4), 24)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave out what does not fit, first in the head."""
        super().resizeEvent(event)
        self.head.fit(self.width())
        self._keep_margin(0, self._scroll.verticalScrollBar().maximum())
        low = self.height() < LOW
        self._column.setContentsMargins(0, 12 if low else 24, 0, 0)
        self._gap.changeSize(0, 12 if low else 32)


class _Room(QScrollArea):
    """Shows as much as there is room for; `height_changed` carries how many pixels of the height are seen at once."""

    height_changed = Signal(int)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell the height; the event is of what is inside the frame and the bars."""
        self.height_changed.emit(event.size().height())
        super().resizeEvent(event)
