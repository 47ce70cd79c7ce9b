"""Pictures stay as they were looked at and found right, to the pixel and to the grey value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.golden import patient
from tests.golden.comparing import KEPT, LOOK_3D, OVERLAY, PLANE, Tolerance, difference, load, save, side_by_side
from tests.golden.pictures import LOOKS_3D, OVERLAYS, PLANES, _view, plane_picture, why_no_3d
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import as_point

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from tests.golden.comparing import Pixels

MOST_BYTES = 2_000_000


def hold(name: str, found: Pixels, tolerance: Tolerance, folder: Path) -> None:
    kept = load(name)
    assert kept is not None, f"No picture called {name} is kept: python -m tests.golden {name}, then look at it."
    told = difference(found, kept, tolerance)
    if told:
        path = folder / f"{name}.png"
        save(side_by_side(found, kept), path)
        pytest.fail(f"{name} {told}. Kept, found, and their difference ×8: {path}")


@pytest.mark.parametrize("name", PLANES)
def test_a_plane_looks_as_it_did(name: str, qapp: QApplication, tmp_path: Path) -> None:
    hold(name, PLANES[name](), PLANE, tmp_path)


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_lies_over_a_plane_looks_as_it_did(name: str, qapp: QApplication, tmp_path: Path) -> None:
    hold(name, OVERLAYS[name](), OVERLAY, tmp_path)


@pytest.mark.parametrize("name", LOOKS_3D)
def test_3d_looks_as_it_did(name: str, qapp: QApplication, tmp_path: Path) -> None:
    if why_no_3d():
        pytest.skip(why_no_3d())
    hold(name, LOOKS_3D[name](), LOOK_3D, tmp_path)


def test_every_kept_picture_is_compared_and_all_are_small() -> None:
    files = sorted(KEPT.glob("*.png"))
    assert {file.stem for file in files} == {*PLANES, *OVERLAYS, *LOOKS_3D}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def mirrored(pixels: Pixels) -> Pixels:
    return pixels[:, ::-1]


def upside_down(pixels: Pixels) -> Pixels:
    return pixels[::-1]


def one_pixel_across(pixels: Pixels) -> Pixels:
    return np.roll(pixels, 1, axis=1)


def one_pixel_down(pixels: Pixels) -> Pixels:
    return np.roll(pixels, 1, axis=0)


@pytest.mark.parametrize("wrong", [mirrored, upside_down, one_pixel_across, one_pixel_down])
@pytest.mark.parametrize("plane", list(PlaneName))
def test_a_mirrored_or_shifted_plane_is_not_taken_for_the_right_one(
    plane: PlaneName, wrong: Callable[[Pixels], Pixels], qapp: QApplication
) -> None:
    kept = load(plane.value)
    assert kept is not None
    assert difference(wrong(kept), kept, PLANE)


@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize(
    ("off", "name"),
    [({"window_centre": 40.5}, "half a HU"), ({"window_width": 440.0}, "a tenth of its width")],
    ids=["centre", "width"],
)
def test_a_window_that_is_off_by_a_little_shows(
    plane: PlaneName, off: dict[str, float], name: str, qapp: QApplication
) -> None:
    kept, volume = load(plane.value), patient.patient()
    assert kept is not None
    assert difference(plane_picture(volume, evolve(_view(volume), **off), plane), kept, PLANE), name


@pytest.mark.parametrize("plane", list(PlaneName))
def test_the_next_image_shows(plane: PlaneName, qapp: QApplication) -> None:
    kept, volume = load(plane.value), patient.patient()
    assert kept is not None
    view = _view(volume)
    view = evolve(view, cursor_lps_mm=as_point(np.asarray(view.cursor_lps_mm) + volume.grid.spacing_mm))
    assert difference(plane_picture(volume, view, plane), kept, PLANE)
