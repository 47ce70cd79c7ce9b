"""Views of two volumes that look at one place, each in its own coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain.alignment import Alignment
from viewer.domain.geometry import PlaneName
from viewer.domain.plane_turn import followed_by
from viewer.domain.view_state import Camera, PlaneView, ViewState, as_point

if TYPE_CHECKING:
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume

_SAME_PLACE = Alignment()


@frozen
class Links:
    """What the two volumes have in common: the place that is looked at, and the window with the look of 3D."""

    place: bool = True
    window: bool = True

    @classmethod
    def of(cls, here: Volume, there: Volume) -> Links:
        """Return what two volumes have in common before anyone lets go: no window where their values differ in unit."""
        return cls(window=here.unit == there.unit or (here.on_hu_scale and there.on_hu_scale))


def followed(view: ViewState, leader: ViewState, alignment: Alignment, links: Links) -> ViewState:
    """Return a view moved to where another one looks.

    Parameters
    ----------
    view
        That of the volume that follows.
    leader
        That of the other volume.
    alignment
        Brings places of the leader onto those of the follower.
    """
    view = evolve(
        view,
        layout=leader.layout,
        main=leader.main,
        comparison=leader.comparison,
        curtain=leader.curtain,
        overlay=leader.overlay,
        fill_opacity=leader.fill_opacity,
        hidden_labels=leader.hidden_labels,
        label_looks=leader.label_looks,
        slab_mm=leader.slab_mm,
        slab_mode=leader.slab_mode,
        interpolation=leader.interpolation,
        acquired=leader.acquired,
        table_3d=leader.table_3d,
        planes_3d=leader.planes_3d,
        labels_3d=leader.labels_3d,
    )
    if links.window:
        view = evolve(
            view.windowed(leader.window_centre, leader.window_width),
            invert=leader.invert,
            lut=leader.lut,
            preset_3d=leader.preset_3d,
        )
    if not links.place:
        return view
    for name in PlaneName:
        seen = leader.plane(name)
        turned = seen.turned if alignment.turned is None else followed_by(seen.turned, alignment.turned)
        view = view.with_plane(name, PlaneView(alignment.of(seen.centre_lps_mm), seen.height_mm, turned))
    camera = leader.camera
    return evolve(
        view,
        cursor_lps_mm=alignment.of(leader.cursor_lps_mm),
        path_lps_mm=_path(leader, alignment),
        curved=leader.curved,
        cuts_3d=leader.cuts_3d,
        box_3d=None if leader.box_3d is None else _moved(leader.box_3d, alignment),
        camera=Camera(
            alignment.of(camera.focal_lps_mm),
            as_point(alignment.direction(camera.to_eye)),
            as_point(alignment.direction(camera.up)),
            camera.height_mm,
        ),
    )


def _path(leader: ViewState, alignment: Alignment) -> tuple[Point, ...]:
    """Return the leader's path in the other volume; most lie in one frame of reference, and each wheel notch asks."""
    if alignment == _SAME_PLACE:
        return leader.path_lps_mm
    return tuple(alignment.of(point) for point in leader.path_lps_mm)


def _moved(box: tuple[Point, Point], alignment: Alignment) -> tuple[Point, Point]:
    """Return a box of the same size about the same place of the other volume; it stays along that one's axes."""
    low, high = np.asarray(box)
    middle, half = np.asarray(alignment.of((low + high) / 2)), (high - low) / 2
    return as_point(middle - half), as_point(middle + half)
