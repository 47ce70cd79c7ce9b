"""What a right click on the views offers: of a plane, of 3D, or of the curved picture, and of the labels there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from viewer.domain.lying_there import labels_at
from viewer.ui.compare_commands import COMPARE
from viewer.ui.label_menu import entry_of, label_menu, swatch
from viewer.ui.looking_3d import MENU_3D
from viewer.ui.making_commands import MAKING
from viewer.ui.measuring_commands import menu_in_hand
from viewer.ui.overlay_commands import LAID_OVER_MENU
from viewer.ui.path_commands import CURVED_MENU
from viewer.ui.picture_commands import PICTURE_MENU
from viewer.ui.view_commands import CANVAS_MENU

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from viewer.ui.canvas import Canvas
    from viewer.ui.commands import MenuEntry
    from viewer.ui.main_window import MainWindow

# Of more labels on each other the menu names the smallest.
MOST_LABELS = 4


def canvas_menu(canvas: Canvas) -> tuple[MenuEntry, ...]:
    """Return the menu of the view that keys act on."""
    if canvas.active.plane is not None:
        return (*menu_in_hand(canvas.session), *CANVAS_MENU, *LAID_OVER_MENU, COMPARE, *PICTURE_MENU, MAKING)
    view = canvas.session.view
    curved = view is not None and view.shows_curved
    return (*(CURVED_MENU if curved else MENU_3D), None, *PICTURE_MENU)


def open_canvas_menu(window: MainWindow, place: QPoint) -> None:
    """Offer what can be done where a right click was made, a place on the screen; the labels there come first."""
    canvas = window.canvas_here()
    if canvas is None or window.kiosk:
        return
    menu = window.actions_.menu(canvas_menu(canvas), window)
    _put_labels_first(menu, canvas, place, window)
    menu.exec(place)
    menu.deleteLater()


def _put_labels_first(menu: QMenu, canvas: Canvas, place: QPoint, window: MainWindow) -> None:
    there = canvas.lps_at(QPointF(canvas.mapFromGlobal(place)))
    labels = labels_at(canvas.session, there)[:MOST_LABELS] if there is not None else ()
    first = menu.actions()[0] if menu.actions() else None
    if not labels or first is None:
        return
    for label in labels:
        entry = entry_of(canvas.session, label)
        below = label_menu(canvas.session, window.theme, entry, menu)
        below.setTitle(label.name.replace("&", "&&"))
        below.setIcon(swatch(entry.colour, entry.line))
        menu.insertMenu(first, below)
    menu.insertSeparator(first)
