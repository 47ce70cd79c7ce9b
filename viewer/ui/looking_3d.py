"""The commands of 3D: how it looks, from where, and what of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import ViewName, as_point
from viewer.scene.camera import FACING, facing
from viewer.scene.clips import cut_towards_eye
from viewer.scene.crop_box import corners_within
from viewer.scene.presets_3d import PRESETS_3D, fitting_preset
from viewer.ui.commands import VIEWING, Command, MenuEntry, Submenu

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.presets_3d import Preset3D
    from viewer.ui.looking import Looking

INSTEAD_OF_LOOKS = "MIP shows them in the window of the planes."
NO_FINDING = "No finding is selected, or 3D is not on the screen."
ALL_SHOWN = "Nothing is cut away."
# What is seen around a finding: as much again on each side, and never less than this.
_AROUND_SHARE = 1.0
_LEAST_AROUND_MM = 25.0
_CUTS = ((PlaneName.AXIAL, "Alt+A"), (PlaneName.CORONAL, "Alt+C"), (PlaneName.SAGITTAL, "Alt+S"))

MENU_3D: tuple[MenuEntry, ...] = (
    "view.maximise",
    "view.reset",
    None,
    *(f"view.preset_3d_{name}" for name in PRESETS_3D),
    "view.preset_3d_next",
    None,
    "view.table_3d",
    "view.planes_3d",
    "view.labels_3d",
    None,
    Submenu(
        "Cut and crop",
        "box",
        (
            *(f"view.cut_3d_{plane.value}" for plane, _ in _CUTS),
            None,
            "view.crop_3d_box",
            "view.crop_3d_finding",
            "view.crop_3d_views",
        ),
    ),
    "view.whole_3d",
    Submenu("Look from", "rotate-3d", tuple(f"view.face_{side}" for side in FACING)),
)


def three_d_commands(looking: Looking) -> list[Command]:
    """Return the commands of how 3D looks, from where, and what of it is shown."""
    return [
        *_presets(looking),
        _table(looking),
        _planes(looking),
        _labels(looking),
        *_cuts(looking),
        *_crops(looking),
        *_sides(looking),
    ]


def _presets(looking: Looking) -> list[Command]:
    def preset(name: str) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, preset_3d=name))

    def is_on(name: str) -> Callable[[], bool]:
        return looking.asks(lambda view: _look_now(looking, view) == name)

    def following(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        names = [name for name in PRESETS_3D if fitting_preset(volume, name) == name]
        at = names.index(view.preset_3d) if view.preset_3d in names else -1
        return evolve(view, preset_3d=names[(at + 1) % len(names)])

    chosen = [
        looking.command(
            f"preset_3d_{name}",
            f"3D: {_title(preset_3d)}",
            f"Show {_title(preset_3d)} in 3D. {preset_3d.hint}".rstrip(),
            preset(name),
            checked_when=is_on(name),
            in_3d=True,
            for_hu=None if preset_3d.of_values else ("This look", INSTEAD_OF_LOOKS),
        )
        for name, preset_3d in PRESETS_3D.items()
    ]
    return [
        *chosen,
        looking.command(
            "preset_3d_next",
            "3D: next look",
            "Show 3D as bone, vessels, lung and so on, one after the other",
            lambda: looking.change(following),
            shortcuts=("Alt+P",),
            icon="box",
            in_3d=True,
            for_hu=("Every other look", INSTEAD_OF_LOOKS),
        ),
    ]


def _title(preset: Preset3D) -> str:
    """Return what a look is called in a sentence: "bone", "MIP"."""
    return preset.title if preset.title.isupper() else preset.title.lower()


def _look_now(looking: Looking, view: ViewState) -> str:
    volume = looking.session.volume
    return view.preset_3d if volume is None else fitting_preset(volume, view.preset_3d)


def _table(looking: Looking) -> Command:
    return looking.command(
        "table_3d",
        "3D: remove table",
        "Leave table and headrest out of the 3D picture; values and planes stay as they are",
        looking.switch(lambda view: evolve(view, table_3d=not view.table_3d)),
        shortcuts=("Alt+T",),
        checked_when=lambda: looking.fits_hu() and looking.asks(lambda view: not view.table_3d)(),
        in_3d=True,
        for_hu=("Telling the table from the patient", "Alt+B crops it away."),
    )


def _planes(looking: Looking) -> Command:
    return looking.command(
        "planes_3d",
        "3D: show the planes",
        "Let the three planes through the crosshair stand in the 3D picture",
        looking.switch(lambda view: evolve(view, planes_3d=not view.planes_3d)),
        shortcuts=("Alt+X",),
        checked_when=looking.asks(lambda view: view.planes_3d),
        in_3d=True,
    )


def _labels(looking: Looking) -> Command:
    return looking.command(
        "labels_3d",
        "3D: show the labels",
        "Let the labels of a segmentation that are not hidden stand in the 3D picture as solids",
        looking.switch(lambda view: evolve(view, labels_3d=not view.labels_3d)),
        shortcuts=("Alt+O",),
        checked_when=looking.asks(lambda view: view.labels_3d),
        in_3d=True,
    )


def _cuts(looking: Looking) -> list[Command]:
    def cut(plane: PlaneName) -> Callable[[], None]:
        def switch(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
            others = tuple(each for each in view.cuts_3d if each.plane is not plane)
            if len(others) == len(view.cuts_3d):
                others = (*others, cut_towards_eye(volume, view, plane))
            return evolve(view, cuts_3d=others)

        return lambda: looking.change(switch)

    def is_on(plane: PlaneName) -> Callable[[], bool]:
        return looking.asks(lambda view: any(cut.plane is plane for cut in view.cuts_3d))

    return [
        looking.command(
            f"cut_3d_{plane.value}",
            f"3D: cut by the {plane.value} plane",
            f"Cut away what lies between you and the crosshair's {plane.value} plane; the cut follows the crosshair",
            cut(plane),
            shortcuts=(key,),
            checked_when=is_on(plane),
            in_3d=True,
        )
        for plane, key in _CUTS
    ]


def _crops(looking: Looking) -> list[Command]:
    def selected() -> Finding | None:
        return looking.session.selected

    def around_finding(_volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        finding = selected()
        return view if finding is None else evolve(view, box_3d=_box_around(finding))

    def as_views(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        return evolve(view, box_3d=_box_of_views(looking, volume, view))

    def is_cut() -> bool:
        return looking.asks(lambda view: bool(view.cuts_3d) or view.box_3d is not None)()

    return [
        Command(
            "view.crop_3d_finding",
            "3D: crop to the finding",
            "Show in 3D only what lies around the selected finding",
            lambda: looking.change(around_finding, step=True),
            shortcuts=("Alt+F",),
            contexts=VIEWING,
            enabled_when=lambda: looking.sees_3d() and selected() is not None,
            why_disabled=NO_FINDING,
            icon="scan-search",
        ),
        looking.command(
            "crop_3d_views",
            "3D: crop to what the planes show",
            "Show in 3D only what the other views show: zoom and move them, then crop",
            lambda: looking.change(as_views, step=True),
            shortcuts=("Alt+V",),
            icon="scan",
            in_3d=True,
        ),
        Command(
            "view.whole_3d",
            "3D: show all again",
            "End all cuts and the crop in 3D",
            looking.switch(lambda view: evolve(view, cuts_3d=(), box_3d=None), step=True),
            shortcuts=("Alt+0",),
            contexts=VIEWING,
            enabled_when=lambda: looking.ready() and is_cut(),
            why_disabled=ALL_SHOWN,
            icon="undo-2",
        ),
    ]


def _sides(looking: Looking) -> list[Command]:
    def turn(side: str) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, camera=facing(view.camera, side)))

    return [
        looking.command(
            f"face_{side}",
            f"3D from the {side}",
            f"Look at the patient from the {side} in 3D",
            turn(side),
            icon="rotate-3d",
            in_3d=True,
        )
        for side in FACING
    ]


def _box_around(finding: Finding) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    bounds = finding.bounds_lps_mm
    room = np.maximum((bounds[:, 1] - bounds[:, 0]) * _AROUND_SHARE, _LEAST_AROUND_MM)
    return as_point(bounds[:, 0] - room), as_point(bounds[:, 1] + room)


def _box_of_views(
    looking: Looking, volume: Volume, view: ViewState
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """Return the box around all that the planes on screen show together; None where they show nothing together."""
    canvas = looking.canvas()
    low, high = volume.grid.bounds_lps_mm.T
    ways, most = [*np.eye(3), *-np.eye(3)], [*high, *-low]
    for plane in PlaneName:
        tile = canvas.tile(ViewName(plane.value)) if canvas is not None else None
        if tile is None:
            continue
        geometry = tile.geometry(volume, view, plane)
        ends = (tile.local(tile.area.topLeft()), tile.local(tile.area.bottomRight()))
        corners = np.array([geometry.lps_from_screen(*end) for end in ends])
        for way in (geometry.axes.right, geometry.axes.down):
            ways += [way, -way]
            most += [(corners @ way).max(), -(corners @ way).min()]
    reached = corners_within(np.array(ways), np.array(most))
    if not len(reached):
        return None
    low, high = reached.min(axis=0), reached.max(axis=0)
    return (as_point(low), as_point(high)) if bool(np.all(low < high)) else None
