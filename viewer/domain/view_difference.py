"""What differs between two views, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PlaneName

if TYPE_CHECKING:
    from viewer.domain.view_state import Camera, ViewState

# Between unit vectors: a third of a degree.
_LEAST_TURN = 0.006


def difference_in_words(script: ViewState, now: ViewState) -> str:
    """Return what differs from a scripted view, largest first, such as "5.0 mm towards the head"; "" for nothing."""
    said: list[tuple[float, str]] = []
    names = (
        ("the right", "the left"),
        ("the front", "the back"),
        ("the feet", "the head"),
    )
    for axis in range(3):
        moved = now.cursor_lps_mm[axis] - script.cursor_lps_mm[axis]
        if abs(moved) >= 0.05:
            said.append(
                (
                    abs(moved),
                    f"{abs(moved):.1f} mm towards {names[axis][int(moved > 0)]}",
                )
            )
    for name in PlaneName:
        ratio = script.plane(name).height_mm / now.plane(name).height_mm
        if abs(math.log(ratio)) > 0.01:
            said.append((abs(math.log2(ratio)) * 10, f"zoom {ratio:.1f}×"))
            break
    if (script.window_centre, script.window_width, script.lut) != (now.window_centre, now.window_width, now.lut):
        said.append((5.0, "another window"))
    if script.camera != now.camera:
        said.append((4.0, _camera_words(script.camera, now.camera)))
    for name in PlaneName:
        shift = np.subtract(now.plane(name).centre_lps_mm, script.plane(name).centre_lps_mm)
        if float(np.linalg.norm(shift)) >= 0.5 and script.cursor_lps_mm == now.cursor_lps_mm:
            said.append((1.0, "moved aside"))
            break
    others = (
        ("another layout", (script.layout, script.main), (now.layout, now.main)),
        ("another finding", script.selected_finding, now.selected_finding),
        ("another threshold", script.threshold, now.threshold),
        (
            "another overlay",
            (script.overlay, script.show_truth),
            (now.overlay, now.show_truth),
        ),
        (
            "other labels or colours",
            (script.hidden_labels, script.label_looks, script.map_look),
            (now.hidden_labels, now.label_looks, now.map_look),
        ),
        ("a slab", (script.slab_mm, script.slab_mode, script.invert), (now.slab_mm, now.slab_mode, now.invert)),
        ("other colours", script.colours, now.colours),
        (
            "turned planes" if now.oblique else "straight planes",
            tuple(script.plane(name).turned for name in PlaneName),
            tuple(now.plane(name).turned for name in PlaneName),
        ),
        (
            "another 3D picture",
            (script.preset_3d, script.table_3d, script.cuts_3d, script.box_3d, script.planes_3d, script.labels_3d),
            (now.preset_3d, now.table_3d, now.cuts_3d, now.box_3d, now.planes_3d, now.labels_3d),
        ),
        ("another interpolation", script.interpolation, now.interpolation),
        ("another path", script.path_lps_mm, now.path_lps_mm),
        (
            "the curved picture" if now.shows_curved else "no curved picture",
            (script.shows_curved, script.curved),
            (now.shows_curved, now.curved),
        ),
        (
            "another comparison",
            (script.comparison, script.curtain, script.models),
            (now.comparison, now.curtain, now.models),
        ),
        ("images as acquired" if now.acquired else "interpolated images", script.acquired, now.acquired),
    )
    said += [(0.5, words) for words, before, after in others if before != after]
    return max(said)[1] if said else ""


def _camera_words(script: Camera, now: Camera) -> str:
    """Return what was done to the 3D view: turning it says more than coming nearer, and that more than moving it."""
    if any(math.dist(getattr(script, axis), getattr(now, axis)) > _LEAST_TURN for axis in ("to_eye", "up")):
        return "3D turned"
    ratio = script.height_mm / now.height_mm
    if abs(math.log(ratio)) > 0.01:
        return f"3D zoom {ratio:.1f}×"
    return "3D moved"
