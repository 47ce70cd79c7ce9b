"""Which screen is the audience's and which the presenter's, also when one is unplugged or changes its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QGuiApplication, QScreen

from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Sequence

# Screens come and go in bursts: one that is unplugged often changes the others' places too.
SETTLED_MS = 150


@frozen
class ScreenFacts:
    """A screen: its name, its place in all screens' coordinates, what bars leave free, whether it is the first.

    `ratio` is how many of its own pixels there are to one of those coordinates.
    """

    name: str
    area: QRect
    free: QRect
    primary: bool = False
    ratio: float = 1.0

    @property
    def size_words(self) -> str:
        """How many pixels it has, as its owner knows it, such as "3840 × 2160"."""
        return f"{round(self.area.width() * self.ratio)} × {round(self.area.height() * self.ratio)}"


def facts_of(screen: QScreen) -> ScreenFacts:
    """Return what is known of one of Qt's screens."""
    primary = screen is QGuiApplication.primaryScreen()
    return ScreenFacts(screen.name(), screen.geometry(), screen.availableGeometry(), primary, screen.devicePixelRatio())


def shared_out(
    screens: Sequence[ScreenFacts], presenters: str = "", *, shown_on: str = ""
) -> tuple[ScreenFacts, ScreenFacts | None]:
    """Return the audience's screen and the presenter's.

    Parameters
    ----------
    screens
        At least one. Screens that show the same picture count as one.
    presenters
        The name of the screen where the presenter's window was last; "" or an absent one is the first screen.
    shown_on
        Where the stage is now; of three screens it stays there.

    With one screen the presenter has none, and it is the audience's.
    """
    apart: list[ScreenFacts] = []
    for screen in screens:
        if not any(other.area == screen.area for other in apart):
            apart.append(screen)
    if len(apart) == 1:
        return apart[0], None
    own = next((s for s in apart if s.name == presenters), None) or next((s for s in apart if s.primary), apart[0])
    others = [s for s in apart if s is not own]
    return next((s for s in others if s.name == shown_on), others[0]), own


def brought_inside(place: QRect, screens: Sequence[ScreenFacts]) -> QRect:
    """Return a window's place moved, and made smaller where needed, to lie in the free part of one screen.

    It is the screen that most of it was on, or the nearest.
    """

    def shared(screen: ScreenFacts) -> tuple[int, int]:
        common = screen.free.intersected(place)
        apart = screen.free.center() - place.center()
        return (-common.width() * common.height() if common.isValid() else 0, apart.manhattanLength())

    free = min(screens, key=shared).free
    width, height = min(place.width(), free.width()), min(place.height(), free.height())
    left = min(max(place.left(), free.left()), free.right() + 1 - width)
    top = min(max(place.top(), free.top()), free.bottom() + 1 - height)
    return QRect(left, top, width, height)


def screen_named(name: str) -> QScreen | None:
    """Return Qt's screen of a name, or None."""
    return next((screen for screen in QGuiApplication.screens() if screen.name() == name), None)


class Screens(QObject):
    """Tells by `changed` when a screen has come, gone, or changed its size; `now` lists them."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settled = rings_once(self, self.changed, SETTLED_MS)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._came)
            app.screenRemoved.connect(self._soon)
            app.primaryScreenChanged.connect(self._soon)
        for screen in QGuiApplication.screens():
            self._follow(screen)

    @property
    def now(self) -> tuple[ScreenFacts, ...]:
        """The screens that are there."""
        return tuple(facts_of(screen) for screen in QGuiApplication.screens())

    def _came(self, screen: QScreen) -> None:
        self._follow(screen)
        self._soon()

    def _follow(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._soon)
        screen.availableGeometryChanged.connect(self._soon)

    def _soon(self, _what: object = None) -> None:
        self._settled.start()
