"""The frozen description of what is looked at, in patient facts only."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.overlay_look import LabelLook, MapLook
from viewer.domain.plane_turn import Turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float, float]

# A path that somebody clicked has far fewer; each of them costs time.
MOST_PATH_POINTS = 500
_THIN_SHARE = 0.1


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
    least = max(grid.spacing_mm)
    views = {name: PlaneView(centre, height_mm) for name, height_mm in overview_heights_mm(bounds, least).items()}
    return ViewState(
        series_uid=series_uid,
        cursor_lps_mm=centre,
        axial=views[PlaneName.AXIAL],
        coronal=views[PlaneName.CORONAL],
        sagittal=views[PlaneName.SAGITTAL],
        # From the front, the sides, head and feet; what is upright there is never the width of the patient.
        camera=_camera(centre, grid, float(max(extent[0] * 0.75, *extent[1:], least)) * 1.15),
        window_centre=window_centre,
        window_width=window_width,
    )


def overview_heights_mm(bounds_lps_mm: NDArray[np.float64], least_mm: float) -> dict[PlaneName, float]:
    """Return how many mm of each plane a viewport shows from top to bottom, fitted to a box, shape (3, 2).

    A box without size, as a voxel alone has, is shown as if it measured `least_mm`.
    """
    across, deep, high = (float(last - first) for first, last in bounds_lps_mm.tolist())
    return {
        PlaneName.AXIAL: max(deep, across * 0.75, least_mm) * 1.06,
        PlaneName.CORONAL: max(high, across * 0.75, least_mm) * 1.06,
        PlaneName.SAGITTAL: max(high, deep * 0.75, least_mm) * 1.06,
    }


def _camera(centre: Point, grid: Grid, height_mm: float) -> Camera:
    """Return a camera that looks from the front; a few images alone it does not look at from their edge."""
    extent = np.ptp(grid.bounds_lps_mm, axis=1)
    thin = int(np.argmin(extent))
    if thin == 1 or extent[thin] > _THIN_SHARE * extent.max():
        return Camera(centre, height_mm=height_mm)
    if thin == 0:
        return Camera(centre, to_eye=(1.0, 0.0, 0.0), height_mm=height_mm)
    return Camera(centre, to_eye=(0.0, 0.0, -1.0), up=(0.0, -1.0, 0.0), height_mm=height_mm)


def as_point(lps_mm: object) -> Point:
    """Return three Python floats."""
    x, y, z = np.asarray(lps_mm, dtype=np.float64)
    return (float(x), float(y), float(z))
