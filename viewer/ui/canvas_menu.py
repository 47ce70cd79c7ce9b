"""What a right click on the views offers: of a plane, of 3D, or of the curved picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.compare_commands import COMPARE
from viewer.ui.looking_3d import MENU_3D
from viewer.ui.making_commands import MAKING
from viewer.ui.measuring_commands import menu_in_hand
from viewer.ui.overlay_commands import LAID_OVER_MENU
from viewer.ui.path_commands import CURVED_MENU
from viewer.ui.picture_commands import PICTURE_MENU
from viewer.ui.view_commands import CANVAS_MENU

if TYPE_CHECKING:
    from viewer.ui.canvas import Canvas
    from viewer.ui.commands import MenuEntry


def canvas_menu(canvas: Canvas) -> tuple[MenuEntry, ...]:
    """Return the menu of the view that keys act on."""
    if canvas.active.plane is not None:
        return (*menu_in_hand(canvas.session), *CANVAS_MENU, *LAID_OVER_MENU, COMPARE, *PICTURE_MENU, MAKING)
    view = canvas.session.view
    curved = view is not None and view.shows_curved
    return (*(CURVED_MENU if curved else MENU_3D), None, *PICTURE_MENU)
