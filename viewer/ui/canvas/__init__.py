"""The canvas: four linked views of one volume, painted with QPainter from pictures that the scene makes.

In use::

    canvas = Canvas(session, theme, scene_3d_factory, style=CanvasStyle.REVIEW)
    canvas.pointer_moved.connect(lambda value, lps_mm, view: ...)      # value in the volume's unit or None
    canvas.menu_requested.connect(lambda place: actions.menu(CANVAS_MENU, window).exec(place))
    canvas.gesture_started.connect(navigation.finish)
    canvas.set_reserved("left", 480)       # keep the picture clear of the narration card, in logical pixels
    canvas.close_scene()                   # before the window goes: ends the 3D thread
"""

from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.shown import Shown, shown_from, shown_in
from viewer.ui.canvas.tiles import CanvasStyle, Density, Tool

__all__ = ["Canvas", "CanvasStyle", "Density", "Shown", "Tool", "shown_from", "shown_in"]
