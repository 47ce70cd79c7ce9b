"""The frozen description of what is looked at, in patient facts only, and the way from one to another."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from viewer.domain.curved_view import CurvedView, curved_between
from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.overlay_look import LabelLook, MapLook
from viewer.domain.plane_turn import Turn, turn_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float, float]

# A path that somebody clicked has far fewer; each of them costs time.
MOST_PATH_POINTS = 500


class ViewName(StrEnum):
    """The four views."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    THREE_D = "3d"

    @property
    def plane(self) -> PlaneName | None:
        """The plane that the view shows; None for 3D."""
        return None if self is ViewName.THREE_D else PlaneName(self.value)


class Layout(StrEnum):
    """How views share the canvas: 2×2, one large with three beside it, or one alone."""

    FOUR = "four"
    STAGE = "stage"
    SINGLE = "single"


class SlabMode(StrEnum):
    """What a slab shows of the values along each ray: the greatest, the least, or their mean."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean"


class Interpolation(StrEnum):
    """How pictures come from voxels: each as a square, mixed of the neighbours, or a smooth curve through them."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


class Comparison(StrEnum):
    """How another volume is shown with this one: not, beside it, or behind a curtain that is drawn across it.

    Of two models on one volume also what both say on one picture, and how it differs.
    """

    OFF = "off"
    BESIDE = "beside"
    CURTAIN = "curtain"
    DIFFERENCE = "difference"


class OverlayMode(StrEnum):
    """How findings and labels are drawn in the planes: outlined, filled and outlined, filled alone, or not at all."""

    OUTLINE = "outline"
    FILL = "fill"
    FILL_ALONE = "fill alone"
    OFF = "off"


@frozen
class PlaneView:
    """What part of a plane is seen: the point in the middle of the viewport, and mm per viewport height.

    `turned` is the rotation away from the standard plane, None for the standard plane itself.
    """

    centre_lps_mm: Point
    height_mm: float
    turned: Turn | None = None


@frozen
class Camera:
    """A parallel 3D camera: what it looks at, unit vectors from there to the eye and upwards, mm per view height."""

    focal_lps_mm: Point
    to_eye: Point = (0.0, -1.0, 0.0)
    up: Point = (0.0, 0.0, 1.0)
    height_mm: float = 300.0


@frozen
class Cut3D:
    """What 3D leaves away on one side of the crosshair's plane.

    `side` is +1 for what lies further to the left, back or head than the plane, −1 for the other side.
    """

    plane: PlaneName
    side: int


@frozen
class ViewState:
    """What is looked at. Never a slice index, a pixel, a row number, or a widget.

    `acquired` shows slices as they were acquired where planes otherwise show what was interpolated from them;
    `colours` names the colour map of values that are not HU. In 3D, `table_3d` shows also what the patient lies on,
    `cuts_3d` follow the cursor, and `box_3d` is the part that is shown: its smallest and largest x, y, z;
    `planes_3d` lets the planes stand in the picture, `labels_3d` the labels of a segmentation. `comparison` says
    how a second volume is shown, where one is open; left of `curtain`, a share of each plane's width, this one is
    seen, and right of it the other. `label_looks` and `map_look` are colours and opacities that were chosen.
    `path_lps_mm` are the points of a drawn path; with at least two of them `curved` shows the straightened picture
    along it in the place of 3D. `lut` names a lookup table of the file that takes the window's place; where the
    file has none of that name the window holds. `models` are the ids of two models whose findings on this volume
    are compared: A's are this side's, B's the other's.
    """

    series_uid: str
    cursor_lps_mm: Point
    axial: PlaneView
    coronal: PlaneView
    sagittal: PlaneView
    camera: Camera
    window_centre: float = 40.0
    window_width: float = 400.0
    invert: bool = False
    slab_mm: float = 0.0
    preset_3d: str = "bone"
    overlay: OverlayMode = OverlayMode.OUTLINE
    fill_opacity: float = 0.3
    threshold: float = 0.5
    hidden_labels: tuple[str, ...] = ()
    show_truth: bool = False
    selected_finding: str | None = None
    layout: Layout = Layout.FOUR
    main: ViewName = ViewName.AXIAL
    acquired: bool = False
    slab_mode: SlabMode = SlabMode.MAX
    colours: str = "grey"
    table_3d: bool = False
    cuts_3d: tuple[Cut3D, ...] = ()
    box_3d: tuple[Point, Point] | None = None
    planes_3d: bool = False
    labels_3d: bool = False
    comparison: Comparison = Comparison.OFF
    curtain: float = 0.5
    lut: str = ""
    label_looks: tuple[LabelLook, ...] = ()
    map_look: MapLook = MapLook()
    interpolation: Interpolation = Interpolation.LINEAR
    path_lps_mm: tuple[Point, ...] = ()
    curved: CurvedView | None = None
    models: tuple[str, str] | None = None

    def plane(self, name: PlaneName) -> PlaneView:
        """Return the view of one plane."""
        views = {
            PlaneName.AXIAL: self.axial,
            PlaneName.CORONAL: self.coronal,
            PlaneName.SAGITTAL: self.sagittal,
        }
        return views[name]

    def windowed(self, centre: float, width: float) -> ViewState:
        """Return a copy with a plain window."""
        return evolve(self, window_centre=float(centre), window_width=float(width), lut="")

    @property
    def shows_curved(self) -> bool:
        """True where the straightened picture along the path stands in the place of 3D."""
        return self.curved is not None and len(self.path_lps_mm) >= 2

    @property
    def oblique(self) -> bool:
        """True where a plane is turned away from the standard one."""
        return any(self.plane(name).turned is not None for name in PlaneName)

    def straightened(self) -> ViewState:
        """Return a copy with the standard planes."""
        state = self
        for name in PlaneName:
            state = state.with_plane(name, evolve(state.plane(name), turned=None))
        return state

    def with_plane(self, name: PlaneName, view: PlaneView) -> ViewState:
        """Return a copy with one plane's view exchanged."""
        if name is PlaneName.AXIAL:
            return evolve(self, axial=view)
        if name is PlaneName.CORONAL:
            return evolve(self, coronal=view)
        return evolve(self, sagittal=view)

    def looking_at(self, lps_mm: Point, *, height_mm: float | None = None) -> ViewState:
        """Return a copy with the cursor and the middle of all planes at a point, zoomed where a height is given."""
        state = evolve(self, cursor_lps_mm=lps_mm)
        for name in PlaneName:
            seen = self.plane(name)
            state = state.with_plane(name, evolve(seen, centre_lps_mm=lps_mm, height_mm=height_mm or seen.height_mm))
        return state


def overview(
    series_uid: str,
    grid: Grid,
    *,
    body_lps_mm: NDArray[np.float64] | None = None,
    window_centre: float = 40.0,
    window_width: float = 400.0,
) -> ViewState:
    """Return the view of a whole volume from its middle, fitted to the viewports.

    `body_lps_mm` is the smallest and largest x, y, z of the body, shape (3, 2); without it the whole grid is shown,
    with the air and table around.
    """
    bounds = grid.bounds_lps_mm if body_lps_mm is None else body_lps_mm
    centre = as_point(bounds.mean(axis=1))
    extent = bounds[:, 1] - bounds[:, 0]
    heights = {
        PlaneName.AXIAL: max(extent[1], extent[0] * 0.75),
        PlaneName.CORONAL: max(extent[2], extent[0] * 0.75),
        PlaneName.SAGITTAL: max(extent[2], extent[1] * 0.75),
    }
    views = {name: PlaneView(centre, float(height) * 1.06) for name, height in heights.items()}
    return ViewState(
        series_uid=series_uid,
        cursor_lps_mm=centre,
        axial=views[PlaneName.AXIAL],
        coronal=views[PlaneName.CORONAL],
        sagittal=views[PlaneName.SAGITTAL],
        camera=Camera(centre, height_mm=float(max(extent)) * 1.15),
        window_centre=window_centre,
        window_width=window_width,
    )


def as_point(lps_mm: object) -> Point:
    """Return three Python floats."""
    x, y, z = np.asarray(lps_mm, dtype=np.float64)
    return (float(x), float(y), float(z))


def _mix(a: float, b: float, t: float) -> float:
    return a + (b - a) * t


def _mix_point(a: Point, b: Point, t: float) -> Point:
    return (_mix(a[0], b[0], t), _mix(a[1], b[1], t), _mix(a[2], b[2], t))


def _mix_exponential(a: float, b: float, t: float) -> float:
    return a * math.exp(math.log(b / a) * t) if a > 0 and b > 0 else _mix(a, b, t)


def _mix_plane(a: PlaneView, b: PlaneView, t: float) -> PlaneView:
    return PlaneView(
        _mix_point(a.centre_lps_mm, b.centre_lps_mm, t),
        _mix_exponential(a.height_mm, b.height_mm, t),
        turn_between(a.turned, b.turned, t),
    )


def _rotation(camera: Camera) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    eye = np.asarray(camera.to_eye, dtype=np.float64)
    eye = eye / np.linalg.norm(eye)
    right = np.cross(camera.up, eye)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(eye, right), eye], axis=1)


def _mix_camera(a: Camera, b: Camera, t: float) -> Camera:
    start, end = _rotation(a), _rotation(b)
    turn = start.T @ end
    angle = math.acos(max(-1.0, min(1.0, (float(np.trace(turn)) - 1) / 2)))
    rotation = end
    if angle > 1e-6:
        if math.pi - angle < 1e-4:
            values, vectors = np.linalg.eigh((turn + turn.T) / 2)
            axis = vectors[:, int(np.argmax(values))]
        else:
            axis = np.array(
                [
                    turn[2, 1] - turn[1, 2],
                    turn[0, 2] - turn[2, 0],
                    turn[1, 0] - turn[0, 1],
                ]
            )
            axis = axis / (2 * math.sin(angle))
        x, y, z = axis
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        part = angle * t
        rotation = start @ (np.eye(3) + math.sin(part) * cross + (1 - math.cos(part)) * cross @ cross)
    return Camera(
        _mix_point(a.focal_lps_mm, b.focal_lps_mm, t),
        as_point(rotation[:, 2]),
        as_point(rotation[:, 1]),
        _mix_exponential(a.height_mm, b.height_mm, t),
    )


def _drawn_curtain(a: ViewState, b: ViewState, t: float) -> dict[str, Any]:
    """Return how a curtain is drawn: one that comes in from the right edge, or goes there before it is gone."""
    if Comparison.CURTAIN not in (a.comparison, b.comparison) or Comparison.BESIDE in (a.comparison, b.comparison):
        return {"curtain": _mix(a.curtain, b.curtain, t)}
    first, last = (view.curtain if view.comparison is Comparison.CURTAIN else 1.0 for view in (a, b))
    return {"comparison": Comparison.CURTAIN, "curtain": _mix(first, last, t)}


def between(a: ViewState, b: ViewState, t: float) -> ViewState:
    """Return the view at share `t` (0…1) of the way from `a` to `b`.

    Positions go linearly, zoom exponentially, the camera by spherical interpolation; what cannot be mixed
    (layout, selection, overlay) is that of `b` as soon as t > 0. A curtain is drawn in from the right, and out there.
    """
    if t <= 0:
        return a
    if t >= 1 or a.series_uid != b.series_uid:
        return b
    return evolve(
        b,
        cursor_lps_mm=_mix_point(a.cursor_lps_mm, b.cursor_lps_mm, t),
        axial=_mix_plane(a.axial, b.axial, t),
        coronal=_mix_plane(a.coronal, b.coronal, t),
        sagittal=_mix_plane(a.sagittal, b.sagittal, t),
        camera=_mix_camera(a.camera, b.camera, t),
        window_centre=_mix(a.window_centre, b.window_centre, t),
        window_width=_mix_exponential(a.window_width, b.window_width, t),
        slab_mm=_mix(a.slab_mm, b.slab_mm, t),
        fill_opacity=_mix(a.fill_opacity, b.fill_opacity, t),
        threshold=_mix(a.threshold, b.threshold, t),
        curved=curved_between(a.curved, b.curved, t),
        **_drawn_curtain(a, b, t),
    )


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
        said.append((4.0, "3D turned"))
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
