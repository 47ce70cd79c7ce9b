"""The stage's part in asking: a click marks a guess, keys do too, and the answer is drawn over the anatomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.domain.view_state import Point, ViewName, as_point
from viewer.services.places import data_folder
from viewer.services.visitors import Visitors
from viewer.ui.canvas.measured_places import image_place
from viewer.ui.messages import Message
from viewer.ui.present.guess_layer import RING_PX, GuessLayer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.walkthrough import Step
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.main_window import MainWindow

CLICK_PX = 6.0
# How far one press of an arrow moves the mark of the keyboard, as a share of the picture's height.
AIM_SHARE = 0.02


class QuestionsHere(QObject):
    """Stands between one window's stage and its questions; `follow` is called once the window is built."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desk = window.desk
        self._asking = window.desk.player.asking
        self._pressed: QPointF | None = None
        self._aim: Point | None = None
        self.visitors = Visitors(data_folder() / "guesses")
        self._asked_for_visitors = False
        self._canvas: Canvas | None = None
        self.layer: GuessLayer | None = None

    def follow(self, canvas: Canvas) -> None:
        """Take clicks on the canvas of the stage, and draw over it."""
        self._canvas = canvas
        canvas.installEventFilter(self)
        canvas.gesture_started.connect(self._desk.player.acting.touch)
        self._asking.changed.connect(self._changed)
        self._asking.given.connect(self._given)
        self.visitors.failed.connect(lambda error: self._window.tell(Message.of(error)))
        for signal in (self._desk.session.workspace_changed, self._desk.session.view_changed):
            signal.connect(self._update)

    def _count(self) -> int:
        """Return how many earlier guesses are shown over the anatomy of the step."""
        return len(self._guessed_before()) if self._asking.revealed is not None else 0

    @property
    def shows_visitors(self) -> bool:
        """True where it is shown where visitors guessed: in a kiosk, or when asked for."""
        return self._asked_for_visitors or self._window.kiosk

    # --- guessing

    def guess_at_aim(self) -> None:
        """Mark a guess where the keyboard points."""
        place = self._aimed(always=True)
        if place is not None:
            self._asking.guess(place)

    def move_aim(self, right: int, down: int) -> None:
        """Move what the keyboard points at, from the middle of the large view."""
        geometry, place = self._geometry(), self._aimed(always=True)
        if geometry is None or place is None:
            return
        step = AIM_SHARE * geometry.view.height_mm
        moved = np.asarray(place) + step * (right * geometry.axes.right + down * geometry.axes.down)
        x, y = geometry.screen_from_lps(moved)
        if 0 <= x < geometry.width_px and 0 <= y < geometry.height_px:
            self._aim = as_point(moved)
        self._update()

    def show_visitors(self) -> None:
        """Show where visitors guessed, or not any more."""
        self._asked_for_visitors = not self._asked_for_visitors
        self._window.stage.tell_again()
        self._update()

    def forget_visitors(self) -> None:
        """Remove what visitors guessed, and say so."""
        try:
            count = self.visitors.forget()
        except StorageError as error:
            self._window.tell(Message.of(error))
            return
        words = f"The guesses of visitors were removed, of {count} {'case' if count == 1 else 'cases'}."
        self._window.tell(Message(words if count else "There were no guesses of visitors.", calm=True))
        if self._desk.session.workspace is Workspace.PRESENT:
            self._window.stage.tell_again()
        self._update()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """See clicks that are no drags; everything else is the canvas'."""
        if event.type() == QEvent.Type.Resize:
            self._placed()
        if not isinstance(event, QMouseEvent) or not self._asking.open:
            return False
        if event.type() == QEvent.Type.MouseButtonDblClick:
            # Two quick clicks are one guess, and not another layout.
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = event.position()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            moved = (event.position() - self._pressed).manhattanLength()
            pressed, self._pressed = self._pressed, None
            if moved <= CLICK_PX:
                self._clicked(pressed)
        return False

    def _clicked(self, at: QPointF) -> None:
        canvas = self._canvas
        assert canvas is not None
        tile = next((tile for tile in map(canvas.tile, ViewName) if tile is not None and tile.area.contains(at)), None)
        pointed = canvas.hands.pointed(tile, at)
        volume = self._desk.session.volume
        if pointed.lps_mm is None or volume is None or pointed.volume is not volume:
            return
        again = self._guess_at(tile, at)
        if again is not None:
            self._asking.take_back(again)
        elif volume.value_at(pointed.lps_mm) is not None:
            self._asking.guess(pointed.lps_mm)

    def _guess_at(self, tile: Tile | None, at: QPointF) -> int | None:
        """Return which guess a click on a plane meant to take back."""
        session = self._desk.session
        if tile is None or tile.view.plane is None or session.volume is None or session.view is None:
            return None
        geometry = tile.geometry(session.volume, session.view, tile.view.plane)
        reach = RING_PX * self._window.stage.scale * (1.0 if tile.large else 0.6)
        for number, place in enumerate(self._asking.guesses):
            x, y = geometry.screen_from_lps(place)
            if np.hypot(x - tile.local(at)[0], y - tile.local(at)[1]) <= reach:
                return number
        return None

    # --- what is drawn

    def _large(self) -> Tile | None:
        placed = map(self._canvas.tile, ViewName) if self._canvas is not None else ()
        planes = [tile for tile in placed if tile is not None and tile.view.plane is not None]
        return next((tile for tile in planes if tile.large), None)

    def _geometry(self) -> ViewportGeometry | None:
        tile, session = self._large(), self._desk.session
        if tile is None or tile.view.plane is None or session.volume is None or session.view is None:
            return None
        return tile.geometry(session.volume, session.view, tile.view.plane)

    def _aimed(self, *, always: bool = False) -> Point | None:
        """Return what the keyboard points at, on the image that is shown; None before it was moved."""
        tile, geometry = self._large(), self._geometry()
        if tile is None or geometry is None or (self._aim is None and not always):
            return None
        at = tile.local(tile.free.center()) if self._aim is None else geometry.screen_from_lps(self._aim)
        volume = self._desk.session.volume
        return geometry.lps_from_screen(*at) if volume is None else image_place(volume, geometry).lps(at)

    def _guessed_before(self) -> NDArray[np.float64]:
        case, step = self._desk.session.case, self._desk.player.step
        if not self.shows_visitors or case is None or step is None or step.question is None:
            return np.zeros((0, 3))
        return np.asarray(self.visitors.of(case.id, step.id), dtype=np.float64).reshape(-1, 3)

    def _changed(self) -> None:
        if self._asking.question is None or not self._asking.open:
            self._aim, self._pressed = None, None
        self._update()

    def _update(self, *_: object) -> None:
        on_stage = self._desk.session.workspace is Workspace.PRESENT
        if on_stage:
            self._window.stage.visitors = self._count
        asks = self._asking.question is not None and on_stage
        if self._canvas is None or (not asks and self.layer is None):
            return
        if self.layer is None:
            self.layer = GuessLayer(self._canvas, self._window.theme, self._asking, self._aimed, self._guessed_before)
        self.layer.setVisible(asks)
        if asks:
            self._placed()
            self.layer.update()

    def _placed(self) -> None:
        if self.layer is not None and self._canvas is not None:
            self.layer.setGeometry(self._canvas.rect())
            self.layer.scale = self._window.stage.scale

    def _given(self, step: Step, guesses: tuple[Point, ...]) -> None:
        case = self._desk.session.case
        if self._window.kiosk and case is not None:
            self.visitors.keep(case.id, step.id, guesses)
