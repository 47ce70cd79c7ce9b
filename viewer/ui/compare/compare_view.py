"""The canvas, and beside it a second one where two volumes are compared; above both what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.domain.view_state import Comparison
from viewer.ui.canvas import Canvas
from viewer.ui.compare.compare_bar import CompareBar

if TYPE_CHECKING:
    from viewer.services.desk import Desk
    from viewer.ui.canvas.view3d import Scene3DFactory
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

# More than between views of one series: whose are whose is seen.
GAP = 8


class CompareView(QWidget):
    """Holds the canvas of the open volume and that of the one it is compared with.

    `keys_moved` tells that keys act on the other canvas from now on: the one that was used last.
    """

    keys_moved = Signal()

    def __init__(self, desk: Desk, theme: Theme, scene_3d: Scene3DFactory | None) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        mouse = desk.conventions.mouse
        self.here = Canvas(desk.session, theme, scene_3d, other=desk.other.session, conventions=mouse)
        self.there = Canvas(desk.other.session, theme, scene_3d, conventions=mouse)
        self.there.hide()
        self._keys_there = False
        self.here.beside = lambda: None if self.there.isHidden() else self.there
        self.there.beside = lambda: self.here
        self.there.zoom_of = lambda: desk.session.volume
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        for canvas in (self.here, self.there):
            self._row.addWidget(canvas, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._row, 1)
        self.bar: CompareBar | None = None
        self.here.gesture_started.connect(lambda: self._take_keys(False))
        self.there.gesture_started.connect(lambda: self._take_keys(True))
        self.here.settings_changed.connect(lambda: self._share(self.here, self.there))
        self.there.settings_changed.connect(lambda: self._share(self.there, self.here))
        desk.comparing.changed.connect(self._update)
        desk.session.view_changed.connect(self._update)

    def build_bar(self, actions: CommandActions) -> None:
        """Make the bar, once the commands are there."""
        self.bar = CompareBar(self._desk, self._theme, actions)
        self._column.insertWidget(0, self.bar)
        self._update()

    @property
    def keys_there(self) -> bool:
        """True where keys act on the second volume."""
        return self._keys_there and not self.there.isHidden()

    @property
    def with_keys(self) -> Canvas:
        """The canvas that keys act on."""
        return self.there if self.keys_there else self.here

    def close_scenes(self) -> None:
        """End the 3D threads; to be called before the widget goes."""
        for canvas in (self.here, self.there):
            canvas.close_scene()

    def _update(self, *_: object) -> None:
        beside = self._desk.comparing.mode is Comparison.BESIDE
        if beside is self.there.isHidden():
            if not beside and self.there.hasFocus():
                # Qt would give it to a button somewhere, which Space and Enter then press.
                self.here.setFocus(Qt.FocusReason.OtherFocusReason)
            self.there.setVisible(beside)
            self._take_keys(beside and self._keys_there)
        if self.bar is not None:
            shown = self._desk.comparing.mode is not Comparison.OFF
            if shown is self.bar.isHidden():
                self.bar.setVisible(shown)

    def _take_keys(self, there: bool) -> None:
        moved, self._keys_there = there is not self._keys_there, there
        beside = not self.there.isHidden()
        self.here.keys_here, self.there.keys_here = (not self.keys_there, self.keys_there) if beside else (None, None)
        if moved:
            self.keys_moved.emit()

    def _share(self, changed: Canvas, other: Canvas) -> None:
        other.tool, other.density = changed.tool, changed.density
