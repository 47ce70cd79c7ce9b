"""The pictures of a step for a page: images up and down from where the step is, or 3D turned around."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from PySide6.QtGui import QImage

from viewer.domain.geometry import PLANE_AXES
from viewer.domain.plane_turn import turned_axes
from viewer.domain.view_state import Layout, ViewName, as_point
from viewer.io.jpeg import jpeg
from viewer.scene.acquired import scrolled_cursor, shown_axes
from viewer.scene.turned_planes import shown_steps
from viewer.ui.canvas.tiles import CanvasStyle, tiles
from viewer.ui.leaving.stage_frames import STAGE
from viewer.ui.present.card import RESERVED, reserves_space
from viewer.ui.present.stage_bar import HEIGHT as BAR_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from viewer.domain.geometry import PlaneName
    from viewer.domain.job import JobContext
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Step
    from viewer.ui.leaving.stage_frames import StageFrames

_FINE_EACH_WAY = 10
_LEAST_FINE_MM = 1.0
_LEAST_AWAY_MM = 0.05
_ENDS = (("right", "left"), ("front", "back"), ("feet", "head"))


@frozen
class Fineness:
    """How many images a step gets, how large, and how good; 3D gets `turns`."""

    images: int
    turns: int
    size: tuple[int, int]
    quality: int


# From the best to what still shows something, for a page that has to stay small.
FINENESS = (
    Fineness(49, 24, (960, 800), 76),
    Fineness(41, 24, (816, 680), 74),
    Fineness(33, 18, (672, 560), 70),
    Fineness(25, 12, (528, 440), 64),
    Fineness(13, 8, (432, 360), 56),
)


@frozen
class Stack:
    """Coded pictures of a step, what is said of each, which is the step's own, and whether they turn around."""

    images: tuple[bytes, ...]
    places: tuple[str, ...]
    start: int
    turns: bool


def stack_of(frames: StageFrames, step: Step, how: Fineness, ctx: JobContext, words: str) -> Stack:
    """Return the pictures of a step."""
    turns = _turns(step.view)
    views = list(_turned(step.view, how.turns) if turns else _along(frames.left.loaded.volume, step.view, how.images))
    images, places = [], []
    for number, (view, place) in enumerate(views):
        ctx.report(number, len(views), words)
        images.append(_coded(frames, view, how))
        places.append(place)
    start = next((n for n, (view, _) in enumerate(views) if view == step.view), 0)
    return Stack(tuple(images), tuple(places), start, turns)


def bytes_of(frames: StageFrames, step: Step, how: Fineness) -> int:
    """Return about how many bytes the pictures of a step will take."""
    turns = _turns(step.view)
    return len(_coded(frames, step.view, how)) * (how.turns if turns else how.images)


def _turns(view: ViewState) -> bool:
    return view.main is ViewName.THREE_D and not view.shows_curved


def _coded(frames: StageFrames, view: ViewState, how: Fineness) -> bytes:
    name = view.main if _turns(view) or view.main.plane is not None else ViewName.AXIAL
    alone = evolve(view, layout=Layout.SINGLE, main=name)
    if name.plane is not None and not view.shows_curved:
        height_mm = height_that_shows_mm(frames.left.loaded.volume, view, name.plane, how.size)
        alone = alone.with_plane(name.plane, evolve(view.plane(name.plane), height_mm=height_mm))
    return jpeg(pixels_of(frames.plane(alone, name, how.size)), how.quality)


def height_that_shows_mm(volume: Volume, view: ViewState, plane: PlaneName, size: tuple[int, int]) -> float:
    """Return how high a picture of a size has to be for all of the body's width that a step shows on stage."""
    width, height = STAGE[0], STAGE[1] - BAR_HEIGHT
    aside = RESERVED if view.layout is Layout.FOUR or reserves_space(view) else 0
    stage = tiles(view.layout, view.main, (width - aside, height), style=CanvasStyle.STAGE)
    area = next((tile.area for tile in stage if tile.view.plane is plane), stage[0].area)
    seen, across = view.plane(plane), shown_axes(volume, view, plane).right
    on_stage_mm = seen.height_mm * area.width() / area.height() / 2
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    reach = (np.array(np.meshgrid(*bounds)).reshape(3, -1).T - np.asarray(seen.centre_lps_mm)) @ across
    wanted_mm = min(on_stage_mm, float(np.abs(reach).max()))
    return max(seen.height_mm, 2 * wanted_mm * size[1] / size[0])


def _turned(view: ViewState, count: int) -> Iterator[tuple[ViewState, str]]:
    camera = view.camera
    up, eye = np.asarray(camera.up), np.asarray(camera.to_eye)
    side = np.cross(up, eye)
    for n in range(count):
        angle = 2 * math.pi * n / count
        if n == 0:
            yield view, "3D"
            continue
        seen = eye * math.cos(angle) + side * math.sin(angle)
        yield evolve(view, camera=evolve(camera, to_eye=as_point(seen))), f"3D, turned by {360 * n / count:.0f}°"


def _along(volume: Volume, view: ViewState, count: int) -> Iterator[tuple[ViewState, str]]:
    """Give views through the body along the plane's normal: close to each other around the step, further away beyond.

    Each is on an image, once, and told by where that lies. The order is that of the wheel: down goes towards the feet,
    to the back, and to the patient's left.
    """
    plane = view.main.plane
    name = ViewName.AXIAL.plane if plane is None else plane
    assert name is not None
    # Slices as they were acquired follow one another along the standard plane's direction too.
    into = turned_axes(PLANE_AXES[name], view.plane(name).turned).into
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    corners = np.array(np.meshgrid(*bounds)).reshape(3, -1).T
    reach = (corners - np.asarray(view.cursor_lps_mm)) @ into
    spacing = shown_steps(volume, view, name).step_mm
    axis = int(np.argmax(np.abs(into)))
    start = before = scrolled_cursor(volume, view, name, 0)
    for offset in _offsets(float(reach.min()), float(reach.max()), max(spacing, _LEAST_FINE_MM), count):
        state, at = view, start
        if offset:
            seen = view.plane(name)
            state = evolve(view, cursor_lps_mm=as_point(np.asarray(view.cursor_lps_mm) + into * offset))
            at = scrolled_cursor(volume, state, name, 0)
            centre = as_point(np.asarray(seen.centre_lps_mm) + np.subtract(at, view.cursor_lps_mm))
            state = evolve(state, cursor_lps_mm=at).with_plane(name, evolve(seen, centre_lps_mm=centre))
            if min(math.dist(at, before), math.dist(at, start)) < _LEAST_AWAY_MM:
                continue
        before, moved = at, np.subtract(at, start)
        place = f"{name.value.capitalize()} {at[axis]:.1f} mm"
        if (away := abs(float(moved @ into))) >= _LEAST_AWAY_MM:
            end = _ENDS[axis][int(moved[axis] > 0)]
            place += f", {away:.0f} mm towards the {end}"
        yield state, place.replace("-", "−")


def _offsets(first: float, last: float, fine_mm: float, count: int) -> list[float]:
    """Return distances from the step: even and fine around it, even and coarse out to both ends."""
    each_way = min(_FINE_EACH_WAY, (count - 1) // 2)
    near = [n * fine_mm for n in range(-each_way, each_way + 1)]
    near = [mm for mm in near if first <= mm <= last or mm == 0]
    below, above = max(0.0, near[0] - first), max(0.0, last - near[-1])
    rest = max(0, count - len(near))
    made = list(near)
    if below + above > 0:
        down = round(rest * below / (below + above))
        made += _spread(near[0], first, down, fine_mm) + _spread(near[-1], last, rest - down, fine_mm)
    return sorted(made, reverse=False)


def _spread(start: float, end: float, count: int, least_mm: float) -> list[float]:
    """Return up to `count` places from `start`, left out, to `end`, no closer to each other than a distance."""
    count = min(count, int(abs(end - start) / least_mm))
    return [start + (end - start) * (n + 1) / count for n in range(count)]


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """Return an image as RGB, shape (h, w, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
