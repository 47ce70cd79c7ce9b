"""Where the window stands first, and how small it may become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt

from viewer.domain.errors import StorageError
from viewer.ui.full_screen import centred
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtWidgets import QMainWindow

    from viewer.ui.main_window import MainWindow

LEAST_SIZE = (960, 600)
SMALLEST_SIZE = (600, 340)
FIRST_SIZE = (1440, 900)
# A window's title stands above it, and on some desks a border around it.
TITLE_PX = 48
MUCH_LARGER = 1.4
# From so many lines of pixels on, text of 13 pixels is small on any desk.
FINE_HEIGHT, FINE_SCALE = 2000, 2.0


def first_place(room: QRect) -> QRect | None:
    """Return where a first window stands; None where the screen is not much larger, and anatomy gets all of it."""
    if room.width() < MUCH_LARGER * FIRST_SIZE[0] or room.height() < MUCH_LARGER * FIRST_SIZE[1]:
        return None
    return centred(*FIRST_SIZE, room)


def suggested_scale(room: QRect, ratio: float) -> float:
    """Return the interface size that suits a screen better than 100 %; 1 where that one does.

    `ratio` is its scale factor: where the system makes everything larger, there is nothing to suggest.
    """
    return FINE_SCALE if ratio == 1.0 and room.height() >= FINE_HEIGHT else 1.0


def suggest_scale(window: MainWindow) -> None:
    """Offer a larger interface at the first start on a screen of many small pixels."""
    settings, screen = window.desk.settings, window.screen()
    scale = suggested_scale(screen.geometry(), screen.devicePixelRatio())
    if window.kiosk or settings.now.window_geometry or settings.now.interface_scale != 1.0 or scale == 1.0:
        return

    def take() -> None:
        try:
            settings.change(interface_scale=scale)
        except StorageError as error:
            window.tell(Message.of(error))
            return
        window.tell(Message(f"The interface is {scale:.0%} from the next start on.".replace("%", " %"), calm=True))

    words = f"{scale:.0%}".replace("%", " %")
    hint = f"An interface of {words} holds from the next start on; the settings have it too."
    window.tell(Message("Text may be small on this screen.", hint, calm=True, action=f"Use {words}", act=take))


def least_size(room: QRect, wanted: tuple[int, int] = LEAST_SIZE) -> tuple[int, int]:
    """Return the smallest size of a window: less than `wanted` on a small screen, or a large interface on any.

    All of it has to be on the screen, with the title above it.
    """
    width, height = min(wanted[0], room.width()), min(wanted[1], room.height() - TITLE_PX)
    return max(width, SMALLEST_SIZE[0]), max(height, SMALLEST_SIZE[1])


def restore_place(window: QMainWindow, geometry: str) -> None:
    """Stand where the window stood last, else where a first one stands.

    Parameters
    ----------
    geometry
        What Qt said of its place, in hexadecimal; "" for a first start.
    """
    if geometry and window.restoreGeometry(QByteArray.fromHex(geometry.encode())):
        return
    place = first_place(window.screen().availableGeometry())
    if place is None:
        window.resize(window.minimumSize())
        window.setWindowState(Qt.WindowState.WindowMaximized)
    else:
        window.setGeometry(place)
