"""The commands of looking: windows, images, zoom, layouts, overlay, tools, 3D.

`view_commands(session, canvas, before)` gives them for the command table; `CANVAS_MENU` is what a right click on the
canvas offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.curved_view import CurvedView
from viewer.domain.session import Workspace
from viewer.domain.view_state import Layout, ViewName, ViewState, overview
from viewer.domain.window_presets import PRESETS
from viewer.scene.camera import zoomed
from viewer.services.views import fitted_height_mm
from viewer.ui.canvas.facts import VIEW_WORDS
from viewer.ui.canvas.moves import scrolled, to_end, zoomed_plane
from viewer.ui.canvas.paint_frame import density_on
from viewer.ui.cine_commands import cine_commands
from viewer.ui.commands import VIEWING, Submenu
from viewer.ui.crop_commands import crop_commands
from viewer.ui.interpolation_commands import INTERPOLATION_MENU, interpolation_commands
from viewer.ui.looking import Looking, slice_commands, tool_commands
from viewer.ui.looking_3d import three_d_commands
from viewer.ui.measuring_commands import MEASURING_MENU, measuring_commands
from viewer.ui.moving_commands import moving_commands
from viewer.ui.overlay_commands import OVERLAY_MENUS, overlay_view_commands
from viewer.ui.path_commands import PATH_MENU, path_commands, zoomed_curved
from viewer.ui.slab_commands import SLAB_CHOICES, slab_commands
from viewer.ui.turning_commands import turning_commands
from viewer.ui.window_commands import WINDOW_MENU, window_commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume, Window
    from viewer.services.settings import Settings
    from viewer.ui.canvas.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.commands import Command, MenuEntry

CANVAS_MENU: tuple[MenuEntry, ...] = (
    "view.maximise",
    "view.reset",
    "view.fit",
    None,
    MEASURING_MENU,
    Submenu("Window", "contrast", WINDOW_MENU),
    Submenu("Slab", "layers", SLAB_CHOICES),
    Submenu("Path", "spline", PATH_MENU),
    Submenu("Interpolation", "grid-2x2", INTERPOLATION_MENU),
    "view.cine",
    "view.acquired",
    "view.straighten",
    None,
    *OVERLAY_MENUS,
    "view.text",
)
ZOOM_STEP = 1.25


def view_commands(
    session: Session,
    canvas: Callable[[], Canvas | None],
    before: Callable[[], None] = lambda: None,
    settings: Settings | None = None,
    windows: tuple[tuple[str, Window], ...] = PRESETS,
) -> tuple[Command, ...]:
    """Return the commands of looking.

    Parameters
    ----------
    canvas
        Gives the canvas that is on screen now, or None.
    before
        Called before each change: a running motion ends at its goal.
    settings
        Where the rate of cine is kept between starts; None keeps it nowhere.
    windows
        The window presets by their keys.
    """
    looking = Looking(session, canvas, before)
    return (
        *window_commands(looking, windows),
        *_images(looking),
        *slice_commands(looking),
        *turning_commands(looking),
        *_zooming(looking),
        *moving_commands(looking),
        *slab_commands(looking),
        *interpolation_commands(looking),
        *cine_commands(looking, settings),
        *_layouts(looking),
        *overlay_view_commands(looking),
        *tool_commands(looking),
        *measuring_commands(looking),
        *path_commands(looking),
        *three_d_commands(looking),
        *crop_commands(looking),
    )


def _images(looking: Looking) -> list[Command]:
    def by(images: int) -> Callable[[], None]:
        return lambda: looking.change(
            lambda volume, view, active: scrolled(volume, view, active.plane, images) if active.plane else view
        )

    def end(*, last: bool) -> Callable[[], None]:
        return lambda: looking.change(
            lambda volume, view, active: to_end(volume, view, active.plane, last=last) if active.plane else view
        )

    return [
        looking.command("previous_image", "Previous image", "One image back", by(-1), shortcuts=("Up",), repeats=True),
        looking.command(
            "next_image",
            "Next image",
            "One image on; in axial towards the feet",
            by(1),
            shortcuts=("Down",),
            repeats=True,
        ),
        looking.command(
            "back_10", "Ten images back", "Ten images back", by(-10), shortcuts=("Shift+Up",), repeats=True
        ),
        looking.command("on_10", "Ten images on", "Ten images on", by(10), shortcuts=("Shift+Down",), repeats=True),
        looking.command("first_image", "First image", "To the first image", end(last=False), shortcuts=("Home",)),
        looking.command("last_image", "Last image", "To the last image", end(last=True), shortcuts=("End",)),
    ]


def _zooming(looking: Looking) -> list[Command]:
    def by(factor: float) -> Callable[[], None]:
        def move(volume: Volume, view: ViewState, active: ViewName) -> ViewState:
            tile = tile_of(active)
            if active.plane is None and view.shows_curved and tile is not None:
                return zoomed_curved(view, factor, tile.free.width(), tile.free.height())
            if active.plane is None:
                return evolve(view, camera=zoomed(view.camera, factor))
            if tile is None:
                return view
            geometry = tile.geometry(volume, view, active.plane)
            return zoomed_plane(view, geometry, factor, tile.local(tile.free.center()))

        return lambda: looking.change(move)

    def tile_of(active: ViewName) -> Tile | None:
        canvas = looking.canvas()
        return canvas.tile(active) if canvas is not None else None

    def fit(volume: Volume, view: ViewState, active: ViewName) -> ViewState:
        whole = overview(view.series_uid, volume.grid, body_lps_mm=volume.body_lps_mm)
        if active.plane is None and view.curved is not None:
            return evolve(view, curved=CurvedView(view.curved.turned_deg))
        if active.plane is None:
            return evolve(
                view,
                camera=evolve(view.camera, focal_lps_mm=whole.camera.focal_lps_mm, height_mm=whole.camera.height_mm),
            )
        seen, tile = whole.plane(active.plane), tile_of(active)
        if tile is not None:
            fitted = fitted_height_mm(volume, active.plane, tile.area.width() / tile.area.height())
            seen = evolve(seen, height_mm=fitted / tile.wider)
        return view.with_plane(active.plane, seen)

    def reset(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        whole = overview(view.series_uid, volume.grid, body_lps_mm=volume.body_lps_mm)
        view = evolve(
            view, axial=whole.axial, coronal=whole.coronal, sagittal=whole.sagittal, camera=whole.camera, slab_mm=0.0
        )
        view = evolve(view, cuts_3d=(), box_3d=None, curved=view.curved and CurvedView())
        canvas = looking.canvas()
        return view if canvas is None else canvas.fitted(view)

    return [
        looking.command(
            "reset",
            "Reset view",
            "Fit all views, end the slab and the cuts in 3D; window and place stay",
            lambda: looking.change(reset, step=True),
            shortcuts=("Space",),
            icon="rotate-ccw",
        ),
        looking.command(
            "fit", "Fit", "Fit this view", lambda: looking.change(fit, step=True), shortcuts=("=",), icon="scan"
        ),
        looking.command(
            "zoom_in",
            "Zoom in",
            "Show this view larger",
            by(ZOOM_STEP),
            shortcuts=("+",),
            icon="zoom-in",
            repeats=True,
        ),
        looking.command(
            "zoom_out",
            "Zoom out",
            "Show this view smaller",
            by(1 / ZOOM_STEP),
            shortcuts=("-",),
            icon="zoom-out",
            repeats=True,
        ),
    ]


def _layouts(looking: Looking) -> list[Command]:
    def layout(which: Layout, main: ViewName | None = None) -> Callable[[], None]:
        def run() -> None:
            looking.session.layout_passes = False
            looking.change(lambda _volume, view, active: evolve(view, layout=which, main=main or active))

        return run

    def is_on(which: Layout) -> Callable[[], bool]:
        return looking.asks(lambda view: view.layout is which)

    def is_alone(view: ViewName) -> Callable[[], bool]:
        return looking.asks(lambda seen: seen.layout is Layout.SINGLE and seen.main is view)

    def maximise() -> None:
        looking.before()
        canvas = looking.canvas()
        if canvas is not None:
            canvas.toggle_maximised(canvas.active)

    def step(by: int) -> Callable[[], None]:
        def run() -> None:
            canvas = looking.canvas()
            if canvas is not None:
                canvas.step_view(by)

        return run

    def text() -> None:
        canvas = looking.canvas()
        if canvas is None:
            return
        tiles = [tile for name in ViewName if (tile := canvas.tile(name)) is not None]
        wanted = canvas.density.next
        # Where small views have no room for more, the key still does what it says.
        if tiles and all(density_on(tile, wanted) is density_on(tile, canvas.density) for tile in tiles):
            wanted = wanted.next
        canvas.density = wanted

    return [
        looking.command(
            "layout_four",
            "Four views",
            "Axial, coronal, sagittal and 3D, equally large",
            layout(Layout.FOUR),
            shortcuts=("Shift+1",),
            icon="grid-2x2",
            checked_when=is_on(Layout.FOUR),
        ),
        looking.command(
            "layout_stage",
            "One large, three small",
            "The active view large, the others beside it",
            layout(Layout.STAGE),
            shortcuts=("Shift+2",),
            icon="columns-2",
            checked_when=looking.asks(lambda view: view.layout is Layout.STAGE and view.main is not ViewName.THREE_D),
        ),
        looking.command(
            "layout_3d",
            "3D large",
            "3D large, the three planes beside it",
            layout(Layout.STAGE, ViewName.THREE_D),
            shortcuts=("Shift+4",),
            icon="box",
            checked_when=looking.asks(lambda view: view.layout is Layout.STAGE and view.main is ViewName.THREE_D),
        ),
        looking.command(
            "layout_single",
            "One view",
            "The active view alone",
            layout(Layout.SINGLE),
            shortcuts=("Shift+3",),
            icon="square",
            checked_when=is_on(Layout.SINGLE),
        ),
        *(
            looking.command(
                f"{view.value}_alone",
                f"{VIEW_WORDS[view]} alone",
                f"The {VIEW_WORDS[view].lower()} view as large as can be" if view.plane else "3D as large as can be",
                layout(Layout.SINGLE, view),
                icon="square",
                checked_when=is_alone(view),
            )
            for view in ViewName
        ),
        looking.command(
            "maximise",
            "Maximise view",
            "The active view alone, or all again; also by double-click",
            maximise,
            shortcuts=("D",),
            icon="maximize-2",
        ),
        *(
            evolve(
                looking.command(f"{word}_view", f"{word.capitalize()} view", tooltip, step(by), shortcuts=(key,)),
                contexts=frozenset(VIEWING - {Workspace.PRESENT}),
            )
            for word, by, key, tooltip in (
                ("next", 1, "F6", "Keys act on the next view from now on; one that stands alone gives way to the next"),
                ("previous", -1, "Shift+F6", "Keys act on the view before from now on"),
            )
        ),
        looking.command(
            "text",
            "Corner text",
            "Full, short, or letters only",
            text,
            shortcuts=("T",),
            icon="tag",
        ),
    ]
