"""Where the window stands first, and how small it may become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt

from viewer.ui.full_screen import centred

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtWidgets import QMainWindow

LEAST_SIZE = (960, 600)
SMALLEST_SIZE = (600, 340)
FIRST_SIZE = (1440, 900)
MUCH_LARGER = 1.4


def first_place(room: QRect) -> QRect | None:
    """Return where a first window stands; None where the screen is not much larger, and anatomy gets all of it."""
    if room.width() < MUCH_LARGER * FIRST_SIZE[0] or room.height() < MUCH_LARGER * FIRST_SIZE[1]:
        return None
    return centred(*FIRST_SIZE, room)


def least_size(room: QRect) -> tuple[int, int]:
    """Return the smallest size of the window: less on a small screen, or a large interface on any."""
    width, height = min(LEAST_SIZE[0], room.width()), min(LEAST_SIZE[1], room.height())
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
