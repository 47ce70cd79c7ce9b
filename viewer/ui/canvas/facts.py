"""The words on a viewport: letters at its edges and facts in its corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.geometry import PLANE_AXES, PlaneName, direction_letters, position_words
from viewer.domain.view_state import ViewName, overview
from viewer.scene.camera import screen_axes
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.scene.planes import image_number, plane_steps
from viewer.scene.presets_3d import preset_3d
from viewer.ui.canvas.tiles import Density

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.shown import Shown

VIEW_WORDS = {
    ViewName.AXIAL: "Axial",
    ViewName.CORONAL: "Coronal",
    ViewName.SAGITTAL: "Sagittal",
    ViewName.THREE_D: "3D",
}


@frozen
class EdgeLetters:
    """The letters at a viewport's four edges."""

    left: str
    right: str
    top: str
    bottom: str


@frozen
class Words:
    """A line of corner text: what it says, whether it is a name, and its colour role."""

    text: str
    name: bool = False
    role: str = "text"


@frozen
class Corners:
    """The lines in a viewport's four corners."""

    top_left: tuple[Words, ...] = ()
    top_right: tuple[Words, ...] = ()
    bottom_left: tuple[Words, ...] = ()
    bottom_right: tuple[Words, ...] = ()


def edge_letters(view: ViewName, state: ViewState) -> EdgeLetters:
    """Return where the patient's right, left, front, back, head and feet lie on a viewport."""
    if view.plane is not None:
        axes = PLANE_AXES[view.plane]
        right, down = axes.right, axes.down
    else:
        right, down, _ = screen_axes(state.camera)
    return EdgeLetters(
        left=direction_letters(-right),
        right=direction_letters(right),
        top=direction_letters(-down),
        bottom=direction_letters(down),
    )


def signed(value: float, decimals: int = 0) -> str:
    """Return a number with a true minus."""
    return f"{value:.{decimals}f}".replace("-", "−")


def window_words(state: ViewState) -> str:
    """Return width and level, such as "W 1500  L −600"."""
    return f"W {state.window_width:.0f}  L {signed(round(state.window_centre) + 0.0)}"


def zoom_words(volume: Volume, state: ViewState, plane: PlaneName) -> str:
    """Return the zoom against the fitted view, such as "Zoom 1.2×"."""
    fitted = overview(state.series_uid, volume.grid, body_lps_mm=volume.body_lps_mm).plane(plane).height_mm
    return f"Zoom {fitted / state.plane(plane).height_mm:.1f}×"


def corners(shown: Shown, view: ViewName, density: Density, *, first: bool) -> Corners:
    """Return the corner text of a viewport.

    Parameters
    ----------
    first
        True for the view that carries patient and study; the others would only repeat them.
    """
    if density is Density.LETTERS:
        return Corners()
    name = Words(VIEW_WORDS[view], name=True)
    lossy = (Words("Lossy compressed", name=True, role="failed"),) if shown.volume.series.lossy else ()
    plane = view.plane
    if plane is None:
        preset = preset_3d(shown.view.preset_3d).title
        what = f"{preset} and findings" if any(d.finding.mask for d in shown.drawn) else preset
        return Corners(top_left=(name, Words(what)) if density is Density.FULL else (name,))
    volume, state = shown.volume, shown.view
    number, count = image_number(volume, plane, state.cursor_lps_mm)
    axis = AXIS_ALONG[plane][2]
    position = Words(position_words(axis, state.cursor_lps_mm[axis]))
    window = Words(window_words(state))
    slab = f"Slab {state.slab_mm:.0f} mm" if state.slab_mm else ""
    if density is Density.SHORT:
        right = (window, Words(slab)) if slab else (window,)
        return Corners(top_left=(name, *lossy), bottom_left=(position,), bottom_right=right)
    thickness = slab or f"{plane_steps(volume, plane).step_mm:.2f} mm"
    who = tuple(Words(text) for text in (shown.patient, shown.title) if text and first)
    return Corners(
        top_left=(name, *who, *lossy),
        top_right=_study_words(volume) if first else (),
        bottom_left=(
            Words(f"{'Interpolated image' if volume.interpolated else 'Image'} {number} of {count}"),
            position,
        ),
        bottom_right=(window, Words(f"{zoom_words(volume, state, plane)}  {thickness}")),
    )


def _study_words(volume: Volume) -> tuple[Words, ...]:
    series = volume.series
    study = series.study_description or " ".join(part for part in (series.modality, series.body_part) if part)
    number = f"Series {series.number}" if series.number is not None else ""
    described = series.description if series.description != study else ""
    size = f"1/{volume.shrunk} resolution" if volume.shrunk > 1 else ""
    lines = (
        study,
        ", ".join(part for part in (number, described) if part),
        volume.part[:1].upper() + volume.part[1:],
        size,
    )
    return tuple(Words(line) for line in lines if line)


def scale_bar(mm_per_px: float, most_px: float) -> tuple[float, str]:
    """Return the longest round length that fits into so many pixels: its length in pixels, and its words."""
    most_mm = most_px * mm_per_px
    lengths = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
    length_mm = max((length for length in lengths if length <= most_mm), default=lengths[0])
    words = f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm:g} mm"
    return length_mm / mm_per_px, words
