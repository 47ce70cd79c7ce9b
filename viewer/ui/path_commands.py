"""The commands of the drawn path and of the straightened picture along it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.curved_view import CurvedView
from viewer.domain.view_state import Layout, ViewName
from viewer.scene.curved import LEAST_HEIGHT_MM, MOST_HEIGHT_MM, curved_geometry, in_sight, turned_by
from viewer.services.drawn_path import along_path, step_along_mm, why_no_path
from viewer.ui.canvas.curved_hand import TURN_STEP_DEG
from viewer.ui.canvas.tiles import Tool
from viewer.ui.commands import VIEWING, Command
from viewer.ui.measuring_commands import AT_THE_DESK, NOT_TRUSTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.looking import Looking
    from viewer.ui.main_window import MainWindow

NO_PATH = "There is no path yet: draw one first."
NO_CURVED = "Only while the curved picture is shown."
PATH_MENU: tuple[str | None, ...] = (
    "path.draw",
    "path.curved",
    None,
    "path.remove_point",
    "path.clear",
)
CURVED_MENU: tuple[str | None, ...] = (
    "view.maximise",
    "view.fit",
    None,
    "path.turn_left",
    "path.turn_right",
    "path.back",
    "path.on",
    None,
    *PATH_MENU,
)


def path_commands(looking: Looking) -> list[Command]:
    """Return the commands that draw a path, show the picture along it, travel along it and turn it."""
    return [*_drawing(looking), *_curved(looking)]


def _drawing(looking: Looking) -> list[Command]:
    def draw() -> None:
        canvas = looking.canvas()
        if canvas is None:
            return
        ends = canvas.tool is Tool.PATH
        canvas.tool = Tool.WINDOW if ends else Tool.PATH
        if not ends:
            looking.change(lambda _volume, view, _active: evolve(view, curved=view.curved or CurvedView()))

    def has_points() -> bool:
        return looking.asks(lambda view: bool(view.path_lps_mm) and (view.curved is not None))()

    def remove_point() -> None:
        canvas = looking.canvas()
        if canvas is not None:
            looking.before()
            canvas.hands.path.remove()

    return [
        Command(
            "path.draw",
            "Draw a path",
            "Click points in any plane; pull them, or click on the line to put one between. Double-click or Esc ends",
            draw,
            shortcuts=("Alt+D",),
            contexts=AT_THE_DESK,
            enabled_when=lambda: looking.ready() and not why_no_path(looking.session.volume),
            why_disabled=NOT_TRUSTED,
            icon="spline",
            checked_when=partial(looking.uses, Tool.PATH),
        ),
        Command(
            "path.remove_point",
            "Remove path point",
            "Take out the point of the path that was touched last",
            remove_point,
            shortcuts=("Backspace",),
            contexts=AT_THE_DESK,
            enabled_when=has_points,
            why_disabled=NO_PATH,
            icon="eraser",
        ),
        Command(
            "path.clear",
            "Remove path",
            "Take out the whole path and close its picture; Ctrl+Z brings it back while a path is drawn",
            looking.switch(lambda view: evolve(view, path_lps_mm=())),
            contexts=AT_THE_DESK,
            enabled_when=has_points,
            why_disabled=NO_PATH,
            icon="trash-2",
        ),
    ]


def _curved(looking: Looking) -> list[Command]:
    def shown() -> bool:
        return looking.asks(lambda view: view.shows_curved)()

    # How the picture of a path was turned and zoomed when it was left.
    left: dict[tuple[Point, ...], CurvedView] = {}

    def toggle(view: ViewState) -> ViewState:
        if view.curved is not None:
            left.clear()
            left[view.path_lps_mm] = view.curved
            return evolve(view, curved=None)
        hidden = view.layout is Layout.SINGLE and view.main is not ViewName.THREE_D
        curved = left.get(view.path_lps_mm, CurvedView())
        return evolve(view, curved=curved, layout=Layout.FOUR if hidden else view.layout)

    def by(degrees: float) -> Callable[[], None]:
        def turn(view: ViewState) -> ViewState:
            return view if view.curved is None else evolve(view, curved=turned_by(view.curved, degrees))

        return looking.switch(turn)

    def along(notches: int) -> Callable[[], None]:
        def go(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
            view = along_path(volume, view, notches * step_along_mm(volume))
            canvas = looking.canvas()
            tile = canvas.tile(ViewName.THREE_D) if canvas is not None else None
            size = (1, 1) if tile is None else (round(tile.free.width()), round(tile.free.height()))
            geometry = None if tile is None else curved_geometry(view, *size)
            return view if geometry is None else in_sight(view, geometry)

        return lambda: looking.change(go)

    moves = (
        (
            "turn_left",
            "Turn curved picture left",
            "Turn it by 5° about the path; also Alt+wheel",
            by(-TURN_STEP_DEG),
            "Alt+[",
        ),
        (
            "turn_right",
            "Turn curved picture right",
            "Turn it by 5° about the path; also Alt+wheel",
            by(TURN_STEP_DEG),
            "Alt+]",
        ),
        ("back", "Back along the path", "Take the crosshair a step towards the first point", along(-1), "J"),
        ("on", "On along the path", "Take the crosshair a step towards the last point", along(1), "K"),
    )
    return [
        Command(
            "path.curved",
            "Curved picture",
            "Show the picture straightened along the path in the place of 3D, or 3D again",
            looking.switch(toggle),
            shortcuts=("Alt+U",),
            contexts=VIEWING,
            enabled_when=looking.asks(lambda view: len(view.path_lps_mm) >= 2),
            why_disabled=NO_PATH,
            icon="spline",
            checked_when=shown,
        ),
        *(
            Command(
                f"path.{name}",
                title,
                tooltip,
                run,
                shortcuts=(key,),
                contexts=VIEWING,
                enabled_when=shown,
                why_disabled=NO_CURVED,
                repeats=True,
            )
            for name, title, tooltip, run, key in moves
        ),
    ]


def zoomed_curved(view: ViewState, factor: float, width_px: float, height_px: float) -> ViewState:
    """Return the view with the straightened picture so many times larger, about its middle."""
    geometry = curved_geometry(view, max(round(width_px), 1), max(round(height_px), 1))
    if geometry is None or view.curved is None:
        return view
    height = min(max(geometry.mm_per_px * geometry.height_px / factor, LEAST_HEIGHT_MM), MOST_HEIGHT_MM)
    return evolve(view, curved=CurvedView(view.curved.turned_deg, geometry.middle_mm, height))


def connect_path(window: MainWindow) -> None:
    """Let the commands follow the path, and show its picture once it is drawn."""
    for edits in (window.desk.path_edits, window.desk.other.path_edits):
        edits.changed.connect(window.refresh_soon)
    window.canvas.settings_changed.connect(partial(_tool_changed, window, [window.canvas.tool]))


def _tool_changed(window: MainWindow, before: list[Tool]) -> None:
    canvas, session = window.canvas, window.desk.session
    was, before[0] = before[0], canvas.tool
    view = session.view
    if was is not Tool.PATH or canvas.tool is Tool.PATH or view is None:
        return
    if view.curved is not None and not view.shows_curved:
        session.view = evolve(view, curved=None)
    elif view.shows_curved and view.layout is Layout.SINGLE and view.main is not ViewName.THREE_D:
        session.view = evolve(view, layout=Layout.FOUR)
