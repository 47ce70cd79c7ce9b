"""The bar on top: the four places, what is open and how far to trust it, commands and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from viewer.domain.session import Session, Workspace
from viewer.ui.fitting import Fitted, FittedRow
from viewer.ui.fonts import Type
from viewer.ui.honesty import synthetic, title_words, verdict_words
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Badge, Button, ElidedLabel, IconButton, Kind, hairline, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

HEIGHT = 56
LEAST_TITLE = 140
PLACES = ("place.library", "place.present", "place.review", "place.inspect")


class TopBar(QFrame):
    """56 px high; `why_geometry` is emitted when the geometry badge is clicked."""

    why_geometry = Signal()

    def __init__(self, session: Session, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts: dict[str, bool] = {}
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(4)
        name = text_label("CaseStage", Type.PANEL_TITLE)
        name.setFixedWidth(132)
        row.addWidget(name)
        self._places = []
        for command_id in PLACES:
            command = actions.table[command_id]
            place = Button(theme, command.title, icon=command.icon, kind=Kind.PLACE, height=HEIGHT - 1)
            place.follow(actions[command_id])
            row.addWidget(place)
            self._places.append(place)
        row.addSpacing(12)
        self._title = ElidedLabel("", Type.NAME)
        # As wide as its words, narrower where the bar is full.
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._title.setMinimumWidth(40)
        self._synthetic = Badge(theme, "Synthetic")
        self._synthetic.setToolTip("These pictures were made by a program; no patient was scanned.")
        self._recorded = Badge(theme, "Recorded")
        self._recorded.setToolTip("What the model found was computed earlier and is shown from a file.")
        self._geometry = Badge(theme, "Geometry ok", icon="circle-check", role="agree")
        self._geometry.setCursor(Qt.CursorShape.PointingHandCursor)
        self._geometry.clicked.connect(self.why_geometry)
        row.addWidget(self._title)
        row.addSpacing(4)
        for badge in (self._synthetic, self._recorded, self._geometry):
            row.addWidget(badge)
        row.addStretch()
        self._commands = Button.of(
            theme, actions["app.palette"], actions.table["app.palette"], kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT
        )
        row.addWidget(self._commands)
        settings = IconButton.of_command(theme, actions["app.settings"], actions.table["app.settings"])
        panels = IconButton.of_command(theme, actions["app.panels"], actions.table["app.panels"])
        row.addWidget(panels)
        row.addWidget(settings)
        # What is synthetic stands in the bar below as well, and what is recorded beside every number.
        self._fitted = FittedRow(
            (
                Fitted(name, gone_from=2),
                *(Fitted(place, compact_from=3) for place in self._places),
                Fitted(self._title, wanted=lambda: bool(self._title.whole), least_px=LEAST_TITLE),
                Fitted(self._synthetic, gone_from=4, wanted=lambda: self._told("synthetic")),
                Fitted(self._recorded, gone_from=4, wanted=lambda: self._told("recorded")),
                Fitted(self._geometry, wanted=lambda: self._told("geometry")),
                Fitted(self._commands, compact_from=1),
                Fitted(panels, wanted=lambda: session.workspace in (Workspace.REVIEW, Workspace.INSPECT)),
                Fitted(settings),
            ),
            spacing=4,
            around=28 + 12 + 4,
        )
        outer.addLayout(row, 1)
        outer.addWidget(hairline())
        for signal in (
            session.volume_changed,
            session.case_changed,
            session.findings_changed,
            session.workspace_changed,
            session.masked_changed,
        ):
            signal.connect(self._update)
        self._update()

    @property
    def badges(self) -> tuple[str, ...]:
        """The words of the badges; a narrow bar leaves out those that are said elsewhere too."""
        facts = (("synthetic", self._synthetic), ("recorded", self._recorded), ("geometry", self._geometry))
        return tuple(badge.text for fact, badge in facts if self._told(fact))

    def _update(self) -> None:
        session = self._session
        volume = session.volume
        here = volume is not None and session.workspace is not Workspace.LIBRARY
        self._title.set_whole(title_words(session) if here else "")
        self._title.updateGeometry()
        self._facts = {
            "synthetic": here and synthetic(volume, session.case),
            "recorded": here and any(f.recorded for f in session.findings),
            "geometry": here and volume is not None and not volume.preview,
        }
        if volume is not None:
            words, icon, role = verdict_words(volume.verdict)
            self._geometry.say(words, icon=icon, role=role)
            self._geometry.setToolTip("\n".join(volume.reasons) or "Every slice lies where it should.")
        self._fitted.fit(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave out what does not fit."""
        super().resizeEvent(event)
        self._fitted.fit(self.width())

    def _told(self, fact: str) -> bool:
        return self._facts.get(fact, False)
