"""The bar above two compared volumes: which they are, how they are shown, what is linked, how they were aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from viewer.domain.view_state import Comparison
from viewer.services.aligning import How
from viewer.ui.canvas.side_names import all_side_names
from viewer.ui.fonts import Type
from viewer.ui.icons import IconBox
from viewer.ui.widgets import ElidedLabel, IconButton, Segmented, hairline

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

HEIGHT = 48
NARROW, WIDE = 760, 1200
# Of the room for words, how much the name of A gets.
LEAST_SHARE, LEAST_SHARE_WIDE, MOST_SHARE = 0.4, 0.28, 0.5
MODES = (
    ("compare.beside", "Side by side", "Beside"),
    ("compare.curtain", "Curtain", "Curtain"),
    ("compare.difference", "Difference", "Differ"),
)
OTHER_PATIENT = "Two patients"
# In full, where there is room for that, and in brief.
SAID_OF = {
    How.MIDDLES: ("Lined up by the middles of the bodies: check it", "Check alignment", "info"),
    How.CONTENT: ("Lined up by what both show: check it", "Check alignment", "info"),
    How.NOT: ("Nothing alike was found: align by hand", "Align by hand", "triangle-alert"),
    How.HAND: ("Aligned by hand", "By hand", "move"),
}


class CompareBar(QFrame):
    """48 px high; hidden unless two volumes are compared."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions) -> None:
        super().__init__()
        self._desk, self._theme, self._actions = desk, theme, actions
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        row = self._row = QHBoxLayout()
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(4)
        self._here = ElidedLabel("", Type.NAME)
        self._there = ElidedLabel("", Type.NAME)
        self._there.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._here, 2)
        self._modes = Segmented(theme, tuple((name, title, "") for name, title, _ in MODES))
        for name, _, _ in MODES:
            self._modes.button(name).setToolTip(actions[name].toolTip())
        self._modes.chosen.connect(actions.run)
        row.addSpacing(8)
        row.addWidget(self._modes)
        row.addSpacing(8)
        self._places: list[IconButton] = []
        for name in ("compare.link_place", "compare.link_window", "compare.align"):
            button = IconButton.of_command(theme, actions[name], actions.table[name])
            button.setFixedSize(40, 40)
            self._places.append(button)
            row.addWidget(button)
        self._icon = IconBox(theme, 16)
        self._icon.setFixedSize(16, 16)
        self._said = ElidedLabel("", Type.CAPTION, "text2")
        row.addSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._said, 1)
        row.addSpacing(8)
        row.addWidget(self._there, 2)
        row.addWidget(IconButton.of_command(theme, actions["compare.close"], actions.table["compare.close"]))
        outer.addLayout(row, 1)
        outer.addWidget(hairline())
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
        of_models = self._desk.two_models.pair is not None
        self._modes.button("compare.difference").setVisible(of_models)
        for button in self._places:
            button.setVisible(not of_models)
        words, brief, icon, role = self._words()
        self._said.set_whole(words if self.width() >= WIDE else brief, in_full=words)
        self._said.setVisible(bool(words))
        self._icon.setVisible(bool(icon))
        self._share_out()
        if icon:
            self._icon.show_icon(icon, role)

    def _share_out(self) -> None:
        """Give A's name what it needs, within limits, so that the buttons stay where they are; divide what is left."""
        words = (self._here, self._said, self._there)
        margins = self._row.contentsMargins()
        items = [item for n in range(self._row.count()) if (item := self._row.itemAt(n)) is not None]
        taken = sum(item.sizeHint().width() for item in items if item.widget() not in words)
        room = self.width() - margins.left() - margins.right() - taken - self._row.spacing() * (len(items) - 1)
        least = LEAST_SHARE_WIDE if self.width() >= WIDE else LEAST_SHARE
        here, said, there = (0 if label.isHidden() else label.sizeHint().width() for label in words)
        of_here = min(max(here / max(room, 1), least), MOST_SHARE)
        rest = room * (1.0 - of_here)
        # Where not all is said whole, B's name is said shorter: how it lies cannot be.
        of_said = (1.0 - of_here) * said / max(said + there, 1)
        if said + there > rest:
            of_said = min(said, max(rest - self._there.least_width, rest / 2)) / max(room, 1)
        for label, share in zip(words, (of_here, of_said, 1.0 - of_here - of_said), strict=True):
            self._row.setStretchFactor(label, round(1000 * share))

    def _words(self) -> tuple[str, str, str, str]:
        """Return what is said in full and in brief, its icon, and that one's colour role."""
        comparing = self._desk.comparing
        moved = comparing.aligning.words
        said = f"B moved {moved}" if moved else ""
        if comparing.same_patient is False:
            whole = " · ".join(part for part in (OTHER_PATIENT, said) if part)
            return whole, OTHER_PATIENT, "triangle-alert", "disagree"
        if not comparing.links.place:
            return "Each is moved by itself; link again to keep them so", "Not linked", "unlink", "text2"
        if comparing.aligning.lining_up:
            return "Lining up…", "Lining up…", "loader-circle", "text2"
        if comparing.aligning.how not in SAID_OF:
            return "", "", "", ""
        words, brief, icon = SAID_OF[comparing.aligning.how]
        role = "disagree" if comparing.aligning.how is How.NOT else "text2"
        return " · ".join(part for part in (words, said) if part), brief, icon, role
