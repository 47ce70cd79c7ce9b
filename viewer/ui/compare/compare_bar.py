"""The bar above two compared volumes: which they are, how they are shown, what is linked, how they were aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from viewer.domain.view_state import Comparison
from viewer.services.aligning import How
from viewer.ui.canvas.side_names import all_side_names, brief_side_names
from viewer.ui.fonts import Type
from viewer.ui.icons import IconBox
from viewer.ui.review.toolbar import RestButton
from viewer.ui.widgets import ElidedLabel, IconButton, Segmented, hairline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QResizeEvent

    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions, MenuEntry
    from viewer.ui.theme import Theme

HEIGHT, HEIGHT_OF_TWO_ROWS = 48, 80
NARROW, WIDE = 760, 1200
# Of a window.
LOW = 480
SPACING, APART = 4, 8
LEFT, RIGHT = 12, 4
# Of the room for words, how much the name of A gets.
LEAST_SHARE, LEAST_SHARE_WIDE, MOST_SHARE = 0.4, 0.28, 0.5
# A longer name is cut before anything else gives way to it.
LONG_NAME = 160
MODES = (
    ("compare.beside", "Side by side", "Beside"),
    ("compare.curtain", "Curtain", "Curtain"),
    ("compare.difference", "Difference", "Differ"),
)
# The last of them goes into the menu first.
PLACES = ("compare.link_place", "compare.link_window", "compare.align")
CLOSE = "compare.close"
OTHER_PATIENT = "Two patients"
# In full, where there is room for that, and in brief.
NOT_LINKED = ("Each is moved by itself; link again to keep them so", "Not linked", "unlink")
SAID_OF = {
    How.MIDDLES: ("Lined up by the middles of the bodies: check it", "Check alignment", "info"),
    How.CONTENT: ("Lined up by what both show: check it", "Check alignment", "info"),
    How.NOT: ("Nothing alike was found: align by hand", "Align by hand", "triangle-alert"),
    How.HAND: ("Aligned by hand", "By hand", "move"),
}
# Widgets from left to right; None is a wider gap.
Row = tuple[QWidget | None, ...]


class CompareBar(QFrame):
    """48 px high, 80 where what has to be read needs two rows; hidden unless two volumes are compared."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions) -> None:
        super().__init__()
        self._desk, self._theme, self._actions = desk, theme, actions
        self.setProperty("surface", "panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._here = ElidedLabel("", Type.NAME)
        self._there = ElidedLabel("", Type.NAME)
        self._there.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._modes = Segmented(theme, tuple((name, title, "") for name, title, _ in MODES))
        for name, _, _ in MODES:
            self._modes.button(name).setToolTip(actions[name].toolTip())
        self._modes.chosen.connect(actions.run)
        self._places = [IconButton.of_command(theme, actions[name], actions.table[name]) for name in PLACES]
        self._rest = RestButton(theme, actions, self._entries_gone)
        for button in (*self._places, self._rest):
            button.setFixedSize(40, 40)
        self._icon = IconBox(theme, 16)
        self._icon.setFixedSize(16, 16)
        self._said = ElidedLabel("", Type.CAPTION, "text2")
        self._close = IconButton.of_command(theme, actions[CLOSE], actions.table[CLOSE])
        self._rows = (QHBoxLayout(), QHBoxLayout())
        self._laid: tuple[Row, Row] = ((), ())
        for row in self._rows:
            row.setSpacing(SPACING)
            outer.addLayout(row)
        outer.addWidget(hairline())
        self._lay(next(self._arrangements()))
        self.hide()
        session, other = desk.session, desk.other.session
        for signal in (session.volume_changed, other.volume_changed, session.masked_changed, session.view_changed):
            signal.connect(self._update)
        for changed in (desk.comparing.changed, desk.two_models.changed):
            changed.connect(self._update)
        theme.changed.connect(self._update)

    @property
    def said(self) -> str:
        """What is said about patients and alignment, in full."""
        return self._said.toolTip()

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two volumes."""
        return self._here.whole, self._there.whole

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Say modes shorter where there is little room, and how B lies in full where there is much."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        for name, title, short in MODES:
            self._modes.button(name).set_words(short if narrow else title)
        self._update()

    def _update(self, *_: object) -> None:
        comparing = self._desk.comparing
        session, other = self._desk.session, self._desk.other.session
        if session.volume is None or other.volume is None or comparing.mode is Comparison.OFF:
            return
        for label, names in zip((self._here, self._there), all_side_names(session, other), strict=True):
            label.set_whole(names[0], shorter=names[1:])
        self._modes.choose(f"compare.{comparing.mode.value}")
        self._modes.button("compare.difference").setVisible(self._of_models)
        words, brief, icon, role = self._words()
        fits = (rows for rows in self._arrangements() if all(self._needed_px(row) <= self.width() for row in rows))
        self._lay(next(fits, self._narrowest))
        said = words if self.width() >= WIDE else brief
        self._said.set_whole(said, in_full=words, shorter=(brief,))
        for widget in (self._icon, self._said):
            widget.setVisible(bool(words))
        self._share_out(brief)
        if icon:
            self._icon.show_icon(icon, role)

    # --- what stands where

    @property
    def _of_models(self) -> bool:
        return self._desk.two_models.pair is not None

    @property
    def _narrowest(self) -> tuple[Row, Row]:
        return (self._here, None, self._there), (self._icon, self._said, self._rest, self._close)

    def _arrangements(self) -> Iterator[tuple[Row, Row]]:
        """Yield what stands in the upper and in the lower row, the best first; what is missing is in the menu."""
        places = () if self._of_models else tuple(self._places)
        held = [(self._modes, None, *places[:n], self._rest) for n in reversed(range(len(places)))]
        held.insert(0, (self._modes, None, *places))
        said = (self._icon, self._said)
        # A second row rather than all of them in the menu, but where it would cost much of the picture.
        for buttons in held if self.window().height() < LOW else held[:3]:
            yield (), (self._here, None, *buttons, None, *said, None, self._there, self._close)
        for buttons in held:
            yield (self._here, None, *said, None, self._there), (*buttons, self._close)
        yield self._narrowest

    def _entries_gone(self) -> tuple[MenuEntry, ...]:
        shown = {widget for row in self._laid for widget in row}
        modes = () if self._modes in shown else tuple(name for name, _, _ in MODES)
        places = () if self._of_models else zip(PLACES, self._places, strict=True)
        return (*modes, *(name for name, button in places if button not in shown))

    def _needed_px(self, row: Row) -> int:
        """Return how wide a row is at least, with its words whole."""
        labels = {self._said: self._reserved_px, self._here: _least_px(self._here), self._there: _least_px(self._there)}
        widths = [labels[item] if isinstance(item, ElidedLabel) else _width(item) for item in row]
        return LEFT + _right_px(row) + sum(widths) + _spaces(row)

    @property
    def _reserved_px(self) -> int:
        """The room for what may be said of these two, so that buttons stay where they are when it changes."""
        if self._of_models:
            return 0
        comparing = self._desk.comparing
        alignments = (How.HAND,) if comparing.same_frame else tuple(SAID_OF)
        briefs = (NOT_LINKED[1], *(SAID_OF[how][1] for how in alignments))
        measures = self._said.fontMetrics()
        words = (OTHER_PATIENT,) if comparing.same_patient is False else briefs
        return 2 + max(measures.horizontalAdvance(said) for said in words)

    def _lay(self, rows: tuple[Row, Row]) -> None:
        if rows == self._laid:
            return
        self._laid = rows
        for layout in self._rows:
            while layout.takeAt(0) is not None:
                pass
        words = (self._here, self._said, self._there)
        heights = (HEIGHT_OF_TWO_ROWS - HEIGHT, HEIGHT - 1)
        for layout, row, height in zip(self._rows, rows, heights, strict=True):
            layout.setContentsMargins(LEFT, 0, _right_px(row), 0)
            if row:
                layout.addStrut(height)
            for item in row:
                if item is None:
                    layout.addSpacing(APART)
                else:
                    layout.addWidget(item)
            if row and not any(label in row for label in words):
                layout.insertStretch(layout.count() - 1, 1)
        shown = {item for row in rows for item in row}
        for widget in (self._here, self._there, self._modes, *self._places, self._rest, self._close):
            widget.setVisible(widget in shown)
        self.setFixedHeight(HEIGHT_OF_TWO_ROWS if rows[0] else HEIGHT)

    def _share_out(self, brief: str) -> None:
        """Give A's name what it needs, within limits, so that the buttons stay where they are; divide what is left.

        Nothing gets less than it needs to be read, where there is room for that.
        """
        words = (self._here, self._said, self._there)
        layout, row = next(each for each in zip(self._rows, self._laid, strict=True) if self._here in each[1])
        others = [_width(item) for item in row if item not in words]
        room = max(self.width() - LEFT - _right_px(row) - sum(others) - _spaces(row), 1)
        here, there = self._here.sizeHint().width(), self._there.sizeHint().width()
        here_least, there_least = _least_px(self._here), _least_px(self._there)
        said = said_least = 0
        if self._said in row and not self._said.isHidden():
            said = self._said.sizeHint().width()
            said_least = min(said, round(self._said.fontMetrics().horizontalAdvance(brief)) + 2)
        least = LEAST_SHARE_WIDE if self.width() >= WIDE else LEAST_SHARE
        of_here = max(min(max(here, least * room), MOST_SHARE * room), here_least)
        of_here = min(of_here, max(room - said_least - there_least, here_least))
        rest = room - of_here
        if said + there_least > rest:
            said = said_least
        # Where not all is said whole, B's name is said shorter: how it lies cannot be.
        of_said = said if said + there > rest else rest * said / max(said + there, 1)
        for label, share in zip(words, (of_here, of_said, rest - of_said), strict=True):
            layout.setStretchFactor(label, round(share))
        self._rows[1].setStretchFactor(self._said, max(round(of_said), 1))

    def _words(self) -> tuple[str, str, str, str]:
        """Return what is said in full and in brief, its icon, and that one's colour role."""
        comparing = self._desk.comparing
        session, other = self._desk.session, self._desk.other.session
        moved = comparing.aligning.words
        name = brief_side_names(session, other)[1]
        said = f"{name if len(name) == 1 else f'“{name}”'} moved {moved}" if moved else ""
        if comparing.same_patient is False:
            whole = " · ".join(part for part in (OTHER_PATIENT, said) if part)
            return whole, OTHER_PATIENT, "triangle-alert", "disagree"
        if not comparing.links.place:
            return *NOT_LINKED, "text2"
        if comparing.aligning.lining_up:
            return "Lining up…", "Lining up…", "loader-circle", "text2"
        if comparing.aligning.how not in SAID_OF:
            return "", "", "", ""
        words, brief, icon = SAID_OF[comparing.aligning.how]
        role = "disagree" if comparing.aligning.how is How.NOT else "text2"
        return " · ".join(part for part in (words, said) if part), brief, icon, role


def _least_px(name: ElidedLabel) -> int:
    """Return the room in which a name is read, if shorter."""
    return min(name.least_width, LONG_NAME)


def _width(item: QWidget | None) -> int:
    return APART if item is None else item.sizeHint().width()


def _right_px(row: Row) -> int:
    """Return how far a row ends before the bar: words as far as they begin, a button's icon has room of its own."""
    return LEFT if row and isinstance(row[-1], ElidedLabel) else RIGHT


def _spaces(row: Row) -> int:
    """Return what a layout leaves between widgets; beside a wider gap it leaves nothing."""
    return SPACING * (sum(item is not None for item in row) - 1)
