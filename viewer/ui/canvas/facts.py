"""The words on a viewport: letters at its edges and facts in its corners."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.geometry import PLANE_AXES, PlaneName, direction_letters, position_words
from viewer.domain.going_on import going_on
from viewer.domain.masking import descriptions, part_words
from viewer.domain.plane_turn import angle_rad
from viewer.domain.value_units import with_unit
from viewer.domain.view_state import Comparison, Interpolation, SlabMode, ViewName
from viewer.domain.walkthrough import NOW
from viewer.scene.acquired import acquired_on, crosshair_lps_mm, image_at, missing_beside, shown_axes
from viewer.scene.camera import screen_axes
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.scene.plane_slices import layers_at, plane_runs, snapped
from viewer.scene.planes import beyond_images, image_number, plane_steps
from viewer.scene.presets_3d import HIDDEN_WORDS, fitting_preset, preset_3d
from viewer.scene.turned_planes import shown_steps
from viewer.scene.voi import lut_in_use
from viewer.services.views import USUAL_ASPECT, fitted_height_mm
from viewer.ui.canvas.tiles import Density

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.acquired import AcquiredSlices
    from viewer.ui.canvas.shown import Shown

LEAST_ANGLE_DEG = 0.1
UNKNOWN_VIEW = "Image"
"""What a viewport is called that shows images of which nobody says which way they look."""
VIEW_WORDS = {
    ViewName.AXIAL: "Axial",
    ViewName.CORONAL: "Coronal",
    ViewName.SAGITTAL: "Sagittal",
    ViewName.THREE_D: "3D",
}

SHORT_VIEW_WORDS = {
    ViewName.AXIAL: "Ax",
    ViewName.CORONAL: "Cor",
    ViewName.SAGITTAL: "Sag",
    ViewName.THREE_D: "3D",
}

INTERPOLATION_WORDS = {Interpolation.NEAREST: "Nearest", Interpolation.LINEAR: "", Interpolation.CUBIC: "Cubic"}
SLAB_WORDS = {SlabMode.MAX: "MIP", SlabMode.MIN: "MinIP", SlabMode.MEAN: "Mean"}
NAME_LENGTH = 18


@frozen
class EdgeLetters:
    """The letters at a viewport's four edges."""

    left: str
    right: str
    top: str
    bottom: str


@frozen
class Words:
    """A line of corner text: what it says, whether it is a name, its colour role, and what to say for want of room."""

    text: str
    name: bool = False
    role: str = "text"
    shorter: tuple[str, ...] = ()


@frozen
class Corners:
    """The lines in a viewport's four corners."""

    top_left: tuple[Words, ...] = ()
    top_right: tuple[Words, ...] = ()
    bottom_left: tuple[Words, ...] = ()
    bottom_right: tuple[Words, ...] = ()


def view_words(shown: Shown, view: ViewName, *, stage: bool = False) -> str:
    """Return the name of a viewport, such as "Axial", "Axial, as acquired" for original slices, "Axial, turned 12°".

    On `stage` the first of two scans is called as the curtain calls it, in 3D, which shows no other.
    """
    plane = view.plane
    if plane is not None and not shown.volume.oriented:
        return UNKNOWN_VIEW
    if plane is None:
        # A curtain is drawn across planes alone.
        one_of_two = shown.view.comparison is Comparison.CURTAIN and shown.view.models is None
        which = going_on(shown.called or NOW) if stage else "first scan alone"
        return f"{VIEW_WORDS[view]}, {which}" if one_of_two else VIEW_WORDS[view]
    if acquired_on(shown.volume, shown.view, plane) is not None:
        return f"{VIEW_WORDS[view]}, as acquired"
    turned = shown.view.plane(plane).turned
    return VIEW_WORDS[view] if turned is None else f"{VIEW_WORDS[view]}, turned {math.degrees(angle_rad(turned)):.0f}°"


def _name_of(shown: Shown, view: ViewName) -> Words:
    """Return the name of a viewport, with shorter ones for narrow ones."""
    full = view_words(shown, view)
    if full == UNKNOWN_VIEW:
        return Words(full, name=True)
    title = VIEW_WORDS[view]
    short = SHORT_VIEW_WORDS[view]
    turned = full.removeprefix(f"{title}, turned ")
    if turned != full:
        return Words(full, name=True, shorter=(f"{title}, {turned}", f"{short}, {turned}", turned))
    acquired = (f"{short}, acquired",) if full.endswith("as acquired") else ()
    return Words(full, name=True, shorter=(*acquired, short))


def edge_letters(shown: Shown, view: ViewName) -> EdgeLetters:
    """Return where the patient's right, left, front, back, head and feet lie on a viewport; "" where nobody says it."""
    if not shown.volume.oriented:
        return EdgeLetters("", "", "", "")
    if view.plane is not None:
        axes = shown_axes(shown.volume, shown.view, view.plane)
        right, down = axes.right, axes.down
    else:
        right, down, _ = screen_axes(shown.view.camera)
    return EdgeLetters(
        left=direction_letters(-right),
        right=direction_letters(right),
        top=direction_letters(-down),
        bottom=direction_letters(down),
    )


def signed(value: float, decimals: int = 0) -> str:
    """Return a number with a true minus."""
    return f"{value:.{decimals}f}".replace("-", "−")


def window_words(state: ViewState, volume: Volume | None = None, *, unit: bool = False) -> str:
    """Return width and level, such as "W 1500  L −600"; narrow windows of maps with three digits, as they are set.

    Where a lookup table of the volume's file is in use, its name: "LUT NORMAL". A curve in place of a ramp is named.
    With `unit` a unit that is not HU stands behind them.
    """
    lut = lut_in_use(volume, state) if volume is not None else None
    if lut is not None:
        return lut.name if lut.name.startswith("LUT") else f"LUT {short_name(lut.name)}"
    digits = 0
    whole = float(state.window_width).is_integer() and float(state.window_centre).is_integer()
    # A window of HU settles at whole numbers once it is let go.
    narrow = 10 if volume is not None and volume.on_hu_scale else 100
    if 0 < state.window_width < narrow and not whole:
        digits = 2 - math.floor(math.log10(state.window_width))
    words = f"W {state.window_width:.{digits}f}  L {signed(round(state.window_centre, digits) + 0.0, digits)}"
    if unit and volume is not None and not volume.is_hu:
        words = with_unit(words, volume.unit)
    return f"{words}  sigmoid" if volume is not None and volume.series.voi_function == "SIGMOID" else words


def window_line(state: ViewState, volume: Volume, of: str = "", *, named: bool = False) -> Words:
    """Return the line of a corner that tells interpolation and window; without its name and unit for want of room.

    `of` names the side whose window it is, where the other has another. `named` calls a window of the file as that
    does; such a name may be anything.
    """
    before = [part for part in (INTERPOLATION_WORDS[state.interpolation], of) if part]
    name = short_name(name_in_file(state, volume)) if named else ""
    ways = (((name,) if name else (), True), ((), True), ((), False))
    said = dict.fromkeys("  ".join((*before, *call, window_words(state, volume, unit=unit))) for call, unit in ways)
    return Words(next(iter(said)), shorter=tuple(said)[1:])


def name_in_file(state: ViewState, volume: Volume) -> str:
    """Return what the file calls the window in use, such as "ABDOMEN"; "" where it is none of its own, or has no name.

    A lookup table says its name itself.
    """
    if lut_in_use(volume, state) is not None:
        return ""
    now = (state.window_centre, state.window_width)
    return next((window.name for window in volume.series.windows if (window.centre, window.width) == now), "")


def short_name(name: str) -> str:
    """Return a name that a file gives, cut to what a menu and a corner have room for."""
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def slab_words(state: ViewState) -> str:
    """Return what a slab shows and how thick it is, such as "MIP 10 mm"; "" for single images."""
    return f"{SLAB_WORDS[state.slab_mode]} {round(state.slab_mm, 1):g} mm" if state.slab_mm else ""


def zoom_words(shown: Shown, plane: PlaneName, aspect: float) -> str:
    """Return the zoom against the view fitted to a viewport of this shape, width over height, such as "Zoom 1.2×"."""
    fitted_mm = fitted_height_mm(shown.zoom_of or shown.volume, plane, aspect)
    return f"Zoom {fitted_mm / shown.view.plane(plane).height_mm:.1f}×"


def corners(shown: Shown, view: ViewName, density: Density, *, first: bool, aspect: float = USUAL_ASPECT) -> Corners:
    """Return the corner text of a viewport.

    Parameters
    ----------
    first
        True for the view that carries patient and study; the others would only repeat them.
    aspect
        Width over height of the viewport.
    """
    if density is Density.LETTERS:
        return Corners()
    name = _name_of(shown, view)
    volumes = [shown.volume, *([shown.beyond] if shown.beyond is not None else [])]
    lossy = (Words("Lossy compressed", name=True, role="failed"),) if any(v.series.lossy for v in volumes) else ()
    plane = view.plane
    if plane is None:
        preset = shown.drawn_3d or preset_3d(fitting_preset(shown.volume, shown.view.preset_3d)).title
        found = any(d.finding.mask for d in shown.drawn) and not shown.drawn_3d
        what = f"{preset} and findings" if found else preset
        cut = cut_words(shown.view)
        part = (Words(cut),) if cut else ()
        if preset == HIDDEN_WORDS:
            # Black without a word would be taken for a fault.
            return Corners(top_left=(name, Words(what, shorter=("Hidden with identity", "Hidden"))))
        return Corners(top_left=(name, Words(what), *part) if density is Density.FULL else (name, *part))
    volume, state = shown.volume, shown.view
    acquired = acquired_on(volume, state, plane)
    masked = shown.masked
    if acquired is None:
        image = _image_words(volume, state, plane, masked=masked)
    else:
        image = _slice_words(volume, state, acquired, masked=masked)
    window = window_line(state, volume, shown.window_of, named=not masked)
    # Whose images these are is never left out for want of room.
    patient = tuple(Words(text) for text in (shown.patient,) if text and first)
    if density is Density.SHORT:
        place = Words(image.position or image.number)
        right = (window, Words(image.slab)) if image.slab else (window,)
        return Corners(
            top_left=(name, *patient, *lossy), bottom_left=(place, *image.moment, *image.missing), bottom_right=right
        )
    who = (*patient, *(Words(text) for text in (shown.title,) if text and first))
    return Corners(
        top_left=(name, *who, *lossy),
        top_right=_words_of_all(volumes, masked=masked) if first else (),
        bottom_left=(*image.missing, *(Words(said) for said in (image.number, image.position) if said), *image.moment),
        bottom_right=(window, Words(f"{zoom_words(shown, plane, aspect)}  {image.slab or image.apart}")),
    )


def cut_words(state: ViewState) -> str:
    """Return what 3D does not show, such as "Cut by axial and coronal plane"; "" where it shows all."""
    planes = [cut.plane.value for cut in state.cuts_3d]
    said = []
    if planes:
        names = " and ".join([", ".join(planes[:-1]), planes[-1]] if planes[1:] else planes)
        said.append(f"Cut by the {names} plane{'s' if planes[1:] else ''}")
    if state.box_3d is not None:
        said.append("Cropped")
    return " · ".join(said)


@frozen
class _ImageWords:
    """What a viewport says of its image: number, place, distance from the next, slab, what is missing, and when."""

    number: str
    position: str
    apart: str
    slab: str
    missing: tuple[Words, ...] = ()
    moment: tuple[Words, ...] = ()


def _image_words(volume: Volume, state: ViewState, plane: PlaneName, *, masked: bool) -> _ImageWords:
    slab = slab_words(state)
    if state.plane(plane).turned is not None:
        # No layer of voxels lies in it, so its images have no numbers.
        place = "  ".join(position_words(axis, state.cursor_lps_mm[axis]) for axis in range(3))
        return _ImageWords("Interpolated", place, f"{shown_steps(volume, state, plane).step_mm:.2f} mm", slab)
    number, count = image_number(volume, plane, state.cursor_lps_mm)
    axis, at = AXIS_ALONG[plane][2], crosshair_lps_mm(volume, state)
    # Through a grid that does not run along the plane there is no layer of voxels either.
    askew = plane_runs(volume.grid, plane) is None
    image = f"{'Interpolated image' if volume.interpolated or askew else 'Image'} {number} of {count}"
    if beyond_images(volume, plane, state.cursor_lps_mm):
        image = f"Beyond the {count} images" if count > 1 else "Beyond the image"
    elif not (askew or slab):
        # That of the image which is seen: the crosshair may lie between two.
        at = snapped(volume, plane, at)
    if volume.loose:
        slab = _images_together(volume, state, plane)
        return _ImageWords(image, "", "", slab, moment=_moment(volume, state, masked=masked))
    return _ImageWords(
        image,
        position_words(axis, at[axis]),
        f"{plane_steps(volume, plane).step_mm:.2f} mm",
        slab,
    )


def _images_together(volume: Volume, state: ViewState, plane: PlaneName) -> str:
    """Return what a slab shows of images that lie at one place: of how many of them, as it has no thickness there."""
    runs = plane_runs(volume.grid, plane)
    if not state.slab_mm or runs is None:
        return ""
    layers = layers_at(runs.into, float(np.asarray(state.cursor_lps_mm) @ PLANE_AXES[plane].into), state.slab_mm)
    count = 0 if layers is None else layers[1] - layers[0] + 1
    return f"{SLAB_WORDS[state.slab_mode]} of {count} images" if count > 1 else ""


def _slice_words(volume: Volume, state: ViewState, acquired: AcquiredSlices, *, masked: bool) -> _ImageWords:
    """Return what is said of the original slice that a view shows; a slab is for other views alone."""
    place = crosshair_lps_mm(volume, state)
    k, axis = acquired.nearest(place), AXIS_ALONG[acquired.plane][2]
    gaps = dict.fromkeys(f"{gap:.2f}" for gap in acquired.gaps_mm(k) if gap is not None)
    turned = angle_words(acquired)
    missing = []
    if volume.missing_planes:
        for images, where in zip(missing_beside(volume, acquired, k), ("before", "after"), strict=True):
            if images:
                words = "An image is" if images == 1 else f"{images} images are"
                missing.append(Words(f"{words} missing {where} this one", role="disagree"))
    return _ImageWords(
        f"Acquired image {acquired.number(k)} of {acquired.stack.count}",
        turned if volume.loose else position_words(axis, place[axis]) + (f"  {turned}" if turned else ""),
        f"{' / '.join(gaps)} mm" if gaps and not volume.loose else "",
        "No slab" if state.slab_mm else "",
        tuple(missing),
        _moment(volume, state, masked=masked),
    )


def _moment(volume: Volume, state: ViewState, *, masked: bool) -> tuple[Words, ...]:
    """Return when the original slice at the cursor was taken."""
    if not volume.moments:
        return ()
    moment = volume.moments[image_at(volume, crosshair_lps_mm(volume, state))]
    return tuple(Words(said) for said in (moment.words(masked=masked),) if said)


def angle_words(acquired: AcquiredSlices) -> str:
    """Return how slices lie, such as "Tilt 18.5°", or their angle to the standard plane; "" where they run along it."""
    tilt = acquired.stack.tilt_deg
    if tilt >= LEAST_ANGLE_DEG:
        return f"Tilt {tilt:.1f}°"
    straight = abs(float(acquired.axes.into @ PLANE_AXES[acquired.plane].into))
    angle = math.degrees(math.acos(min(straight, 1.0)))
    return f"Oblique {angle:.1f}°" if angle >= LEAST_ANGLE_DEG else ""


def _words_of_all(volumes: list[Volume], *, masked: bool) -> tuple[Words, ...]:
    """Return what is true of each: the corner lies on the side of one, wherever the curtain hangs."""
    said = [_study_words(volume, masked=masked) for volume in volumes]
    return tuple(words for words in said[0] if all(words in others for others in said[1:]))


def _study_words(volume: Volume, *, masked: bool) -> tuple[Words, ...]:
    series = volume.series
    of_study, description = descriptions(series, masked=masked)
    study = of_study or " ".join(part for part in (series.modality, series.body_part) if part)
    number = f"Series {series.number}" if series.number is not None else ""
    described = description if description != study else ""
    part = part_words(volume, masked=masked)
    size = f"1/{volume.shrunk} resolution" if volume.shrunk > 1 else ""
    lines = (
        study,
        ", ".join(part for part in (number, described) if part),
        part[:1].upper() + part[1:],
        size,
    )
    return tuple(Words(line) for line in lines if line)


def scale_bar(mm_per_px: float, most_px: float) -> tuple[float, str]:
    """Return the longest round length that fits into so many pixels: its length in pixels, and its words."""
    most_mm = most_px * mm_per_px
    lengths = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
    length_mm = max((length for length in lengths if length <= most_mm), default=lengths[0])
    words = f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm:g} mm"
    return length_mm / mm_per_px, words
