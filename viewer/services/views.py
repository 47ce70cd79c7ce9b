"""Views worth looking at: a whole volume, one finding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.finding import Localisation
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.view_state import (
    Camera,
    Layout,
    PlaneView,
    ViewName,
    ViewState,
    as_point,
    overview,
    overview_heights_mm,
)
from viewer.domain.volume import Window
from viewer.scene.presets_3d import first_preset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.finding import Finding
    from viewer.domain.view_state import Point
    from viewer.domain.voi_lut import VoiLut
    from viewer.domain.volume import Volume

SOFT_TISSUE = Window(40, 400, "Soft tissue")
LUNG = Window(-600, 1500, "Lung")
BONE = Window(480, 2500, "Bone")

FIT_MARGIN = 1.06
_BACKGROUND_SHARE = 0.15
# Of what is looked at: a window that shows less of it leaves the screen black or white.
_BLANK_SHARE = 0.005
# What a view of a whole volume is made for: a little wider than high.
USUAL_ASPECT = 4 / 3
# Bounds of the body change a little while a volume comes in.
_FITTED_WITHIN = 0.15
_TIE = 1e-6
# Of the body in other images so much may reach out of the picture that is seen first before it is zoomed.
_NEARLY_ALL = 1.04
_LEAST_HEIGHT_MM = 60.0
_TIMES_FINDING = 3.2


def first_window(volume: Volume) -> Window:
    """Return the window to open a volume with: the file's own first, else one that fits its values."""
    if volume.series.windows:
        return volume.series.windows[0]
    sample = _in_the_middle(volume)
    if volume.on_hu_scale and (not sample.size or _shades(SOFT_TISSUE, sample) > _BLANK_SHARE):
        return SOFT_TISSUE
    sample = _without_background(sample)
    low, high = np.percentile(sample, (1, 99)) if sample.size else (0.0, 1.0)
    # Maps go from 0 to 1 as well; values that are all the same still need a width.
    finest = 1e-4 if volume.slices.dtype.kind == "f" else 1.0
    width = max(finest, float(high - low))
    digits = max(0, 3 - math.floor(math.log10(width)))
    return Window(round(float(low + high) / 2, digits) + 0.0, round(width, digits))


def _shades(window: Window, values: NDArray[np.float64]) -> float:
    """Return the share of values that a window shows as neither black nor white."""
    return float(np.mean(np.abs(values - window.centre) < window.width / 2))


def _in_the_middle(volume: Volume) -> NDArray[np.float64]:
    """Return values of the middle half of some slices, where the body is, without padding."""
    there = np.arange(volume.stack.count) if volume.arrived is None else np.flatnonzero(volume.arrived)
    rows, columns = (slice(n // 4, max(n - n // 4, n // 4 + 1), 1 + n // 128) for n in volume.slices.shape[1:])
    sample = np.asarray(volume.slices[there[:: max(1, len(there) // 8)], rows, columns], dtype=np.float64)
    if volume.padding is not None:
        sample = sample[sample != volume.padding]
    return sample[np.isfinite(sample)]


def _without_background(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values without one that fills a good part of them, and is not all there is: maps are that mostly."""
    found, counts = np.unique(sample, return_counts=True)
    if len(found) > 1 and counts.max() > _BACKGROUND_SHARE * sample.size:
        sample = sample[sample != found[counts.argmax()]]
    return sample


def fitted_height_mm(volume: Volume, plane: PlaneName, aspect: float) -> float:
    """Return how many mm of a plane a viewport has to show from top to bottom so that the whole body is seen.

    `aspect` is the viewport's width over its height.
    """
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    usual = overview_heights_mm(bounds, max(volume.grid.spacing_mm))[plane]
    across = 1 if plane is PlaneName.SAGITTAL else 0
    width_mm = float(bounds[across, 1] - bounds[across, 0])
    return max(usual, width_mm * FIT_MARGIN / aspect)


def refitted(volume: Volume, view: ViewState, shown: ViewName, before: float, after: float) -> ViewState:
    """Return a view that is fitted again where it was, now that a viewport's aspect is another one."""
    if shown.plane is None:
        height_mm = _refitted_mm(
            view.camera.height_mm, *(fitted_camera_mm(volume, aspect) for aspect in (before, after))
        )
        return view if height_mm is None else evolve(view, camera=evolve(view.camera, height_mm=height_mm))
    seen = view.plane(shown.plane)
    height_mm = _refitted_mm(seen.height_mm, *(fitted_height_mm(volume, shown.plane, a) for a in (before, after)))
    return view if height_mm is None else view.with_plane(shown.plane, evolve(seen, height_mm=height_mm))


def _refitted_mm(seen: float, was: float, now: float) -> float | None:
    """Return the height that fits now in the place of what fitted before; None where it did not, or fits already."""
    # Views in documents are rounded: going back to one is not to move it.
    fits_already = was == now or math.isclose(seen, now, rel_tol=1e-4)
    return None if fits_already or abs(seen / was - 1) > _FITTED_WITHIN else now


def fitted_camera_mm(volume: Volume, aspect: float) -> float:
    """Return how many mm a 3D view has to show from top to bottom so that the whole body is seen from any side."""
    whole = overview(volume.series.series_uid, volume.grid, body_lps_mm=volume.body_lps_mm)
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    across_mm = float((bounds[:2, 1] - bounds[:2, 0]).max())
    return max(whole.camera.height_mm, across_mm * FIT_MARGIN / aspect)


def view_of_volume(volume: Volume) -> ViewState:
    """Return the view of a whole volume; images that make none are shown one by one in the plane they lie in."""
    window = first_window(volume)
    view = overview(
        volume.series.series_uid,
        volume.grid,
        body_lps_mm=volume.body_lps_mm,
        window_centre=window.centre,
        window_width=window.width,
    )
    view = evolve(view, preset_3d=first_preset(volume), cursor_lps_mm=_on_a_voxel(volume, view.cursor_lps_mm))
    if volume.luts and not volume.series.windows:
        view = with_lut(volume, view, volume.luts[0])
    if not volume.one_by_one:
        return view
    return evolve(view, layout=Layout.SINGLE, main=ViewName(_facing(volume)))


def as_before(like: ViewState, fitted: ViewState, *, with_preset: bool) -> ViewState:
    """Return the first view of a volume, at the place and in the way that another was looked at; windows are its own.

    `with_preset` keeps the look of 3D too.
    """
    return evolve(
        like,
        series_uid=fitted.series_uid,
        window_centre=fitted.window_centre,
        window_width=fitted.window_width,
        lut=fitted.lut,
        preset_3d=like.preset_3d if with_preset else fitted.preset_3d,
        selected_finding=None,
    )


def as_first_seen(
    volume: Volume, fitted: ViewState, seen: ViewState, seen_body_lps_mm: NDArray[np.float64]
) -> ViewState:
    """Return the first view of a whole volume, in which the image that was seen first, while it was read, stays.

    That is the place, where the body is there, and the plane that faces the images, where the body does not reach out
    of what it shows. `fitted` is the view that fits the whole, `seen_body_lps_mm` the bounds that `seen` was fitted to.
    """
    body = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    place = np.asarray(seen.cursor_lps_mm)
    if (place < body[:, 0]).any() or (place > body[:, 1]).any():
        return fitted
    state = fitted
    if fitted.cursor_lps_mm != seen.cursor_lps_mm:
        state = evolve(fitted, cursor_lps_mm=_on_a_voxel(volume, seen.cursor_lps_mm))
    facing = _facing(volume)
    plane, axes = seen.plane(facing), PLANE_AXES[facing]
    across, down = (int(np.argmax(np.abs(axis))) for axis in (axes.right, axes.down))
    usual = overview(seen.series_uid, volume.grid, body_lps_mm=seen_body_lps_mm).plane(facing).height_mm
    # A viewport that is too narrow for the usual height was fitted to the width.
    narrow = plane.height_mm > usual * (1 + _TIE)
    width_mm = float(np.ptp(seen_body_lps_mm[across])) * FIT_MARGIN if narrow else plane.height_mm * USUAL_ASPECT
    wanted_mm = 2 * np.abs(body - np.asarray(plane.centre_lps_mm)[:, np.newaxis]).max(axis=1) / _NEARLY_ALL
    if wanted_mm[down] > plane.height_mm or wanted_mm[across] > width_mm:
        return state
    return state.with_plane(facing, plane)


def _facing(volume: Volume) -> PlaneName:
    axis = int(np.argmax(np.abs(volume.stack.normal)))
    return (PlaneName.SAGITTAL, PlaneName.CORONAL, PlaneName.AXIAL)[axis]


def _on_a_voxel(volume: Volume, lps_mm: Point) -> Point:
    """Return the middle of the voxel at a point: where a count is even, the middle of all lies between two images.

    What is shown is one of them, and where it lies is said of it. Where an image is missing it is the nearest that is
    there.
    """
    ijk = np.ceil(volume.grid.ijk(lps_mm) - 0.5 - _TIE)
    if ijk[2] in volume.missing_planes:
        there = [k for k in range(volume.grid.size_ijk[2]) if k not in volume.missing_planes]
        ijk[2] = min(there, key=lambda k: abs(k - ijk[2]), default=ijk[2])
    return as_point(volume.grid.lps(ijk))


def with_lut(volume: Volume, view: ViewState, lut: VoiLut) -> ViewState:
    """Return a view in a lookup table of the file; the window beneath it is where the table's greys change."""
    centre, width = lut.at(volume.stack.nearest_slice(view.cursor_lps_mm)).reach
    return evolve(view, lut=lut.name, window_centre=centre, window_width=width)


def window_for(finding: Finding, volume: Volume) -> Window | None:
    """Return the window in which a finding is best seen: its model's, else one that fits what lies around it.

    None means that the window in use may stay.
    """
    if finding.window is not None:
        return finding.window
    if not volume.on_hu_scale or finding.mask is None:
        return None
    around = _around(finding, volume)
    if around is not None and around < -400:
        return LUNG
    if finding.mean is not None and finding.mean > 300:
        return BONE
    if finding.mean is not None and finding.mean < -400:
        return LUNG
    return None


def _around(finding: Finding, volume: Volume) -> float | None:
    """Return the median value of a shell of about three voxels around a finding's mask."""
    mask = finding.mask
    if mask is None or mask.voxels.size > 4_000_000:
        return None
    box = tuple(
        slice(max(0, part.start - 3), min(size, part.stop + 3))
        for part, size in zip(mask.box, volume.slices.shape, strict=True)
    )
    inside: NDArray[np.bool_] = np.zeros(tuple(part.stop - part.start for part in box), dtype=bool)
    place = tuple(
        slice(part.start - outer.start, part.stop - outer.start) for part, outer in zip(mask.box, box, strict=True)
    )
    inside[place] = mask.voxels
    shell = volume.slices[box][~inside]
    if volume.padding is not None:
        shell = shell[shell != volume.padding]
    return float(np.median(shell)) if shell.size else None


def view_of_finding(
    view: ViewState, finding: Finding, volume: Volume, *, main_aspect: float = USUAL_ASPECT
) -> ViewState:
    """Return a view with three planes centred on a finding, zoomed to it, in a window that shows it.

    Of a finding without a place it is the view as it was. `main_aspect` is width over height of what the largest view
    has to show it in.
    """
    window = window_for(finding, volume)
    if window is not None:
        view = view.windowed(window.centre, window.width)
    if finding.localisation is Localisation.SERIES:
        # There is no place to go to.
        return evolve(view, selected_finding=finding.id)
    centre = as_point(finding.centre_lps_mm)
    whole = overview(view.series_uid, volume.grid, body_lps_mm=volume.body_lps_mm)
    extent = float(np.max(finding.bounds_lps_mm[:, 1] - finding.bounds_lps_mm[:, 0]))
    height = max(_LEAST_HEIGHT_MM, extent * _TIMES_FINDING)
    # A finding that fills the volume is shown with the volume's own framing, not zoomed into its middle.
    state = evolve(view, cursor_lps_mm=centre, selected_finding=finding.id)
    for name in PlaneName:
        framing = whole.plane(name)
        if height < framing.height_mm:
            plane = PlaneView(centre, height)
        else:
            whole_mm = _whole_mm(finding, name, main_aspect if view.main.plane is name else USUAL_ASPECT)
            plane = evolve(framing, centre_lps_mm=centre, height_mm=max(framing.height_mm, whole_mm))
        state = state.with_plane(name, plane)
    # Where the viewport is narrow, the whole body takes more than it does in the usual one.
    height_mm = max(whole.camera.height_mm, view.camera.height_mm)
    return evolve(state, camera=_camera_on(finding, volume, evolve(whole.camera, height_mm=height_mm)))


def _whole_mm(finding: Finding, plane: PlaneName, aspect: float) -> float:
    """Return how many mm a viewport centred on a finding shows from top to bottom where it shows all of it."""
    far = np.abs(finding.bounds_lps_mm - np.asarray(finding.centre_lps_mm)[:, np.newaxis]).max(axis=1)
    axes = PLANE_AXES[plane]
    across, down = (2 * float(np.abs(axis) @ far) for axis in (axes.right, axes.down))
    return max(down, across / aspect) * FIT_MARGIN


def _camera_on(finding: Finding, volume: Volume, whole: Camera) -> Camera:
    """Return a camera on the side of the body that the finding is nearest to."""
    out = np.asarray(finding.centre_lps_mm) - np.asarray(volume.grid.centre_lps_mm)
    out = out * (1.0, 1.0, 0.25)
    length = float(np.linalg.norm(out))
    to_eye = out / length if length > 15 else np.array([0.0, -1.0, 0.0])
    if abs(to_eye[2]) > 0.9:
        to_eye = np.array([0.0, -0.9, 0.44])
    return evolve(whole, to_eye=as_point(to_eye / np.linalg.norm(to_eye)), up=(0.0, 0.0, 1.0))
