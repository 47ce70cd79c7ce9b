"""A headrest that an ear is pressed against leaves 3D, and nothing of a patient does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.analysis.regrid import regridded
from viewer.domain.geometry import Grid
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.scene.body_shape import body_shape
from viewer.scene.dressing import without_table
from viewer.scene.headrest import sheets_on_body
from viewer.scene.volume_image import AIR_HU, RenderVoxels, render_voxels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SLICES, SIZE = 64, 168
SLICE, ROW, COLUMN = np.indices((SLICES, SIZE, SIZE))


def head() -> NDArray[np.int16]:
    """Return a head of 100 × 120 pixels with its skull, in air."""
    far = np.hypot((COLUMN - 84) / 50.0, (ROW - 80) / 60.0)
    values = np.full(SLICE.shape, -1000, dtype=np.int16)
    values[far < 1.0] = 40
    values[(far < 0.9) & (far > 0.8)] = 900
    return values


def put(values: NDArray[np.int16], there: NDArray[np.bool_], hu: int) -> NDArray[np.bool_]:
    there = there & (values == -1000)
    values[there] = hu
    return there


def seen(values: NDArray[np.int16], mm: float = 1.0, *, slice_mm: float | None = None) -> NDArray[np.int16]:
    spacing_mm = (mm, mm, slice_mm or mm)
    grid = Grid.from_directions((SIZE, SIZE, SLICES), origin_lps_mm=(0, 0, 0), spacing_mm=spacing_mm)
    rendered = RenderVoxels(values, grid)
    shape = body_shape(rendered)
    assert shape is not None
    return without_table(rendered, shape).voxels


def pressed_ear(values: NDArray[np.int16]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Put a sheet of a headrest beside the head, and an ear between them; return where they are."""
    sheet = put(values, (COLUMN >= 26) & (COLUMN < 29) & (ROW > 60), 240)
    return sheet, put(values, (COLUMN >= 29) & (COLUMN < 60) & (np.abs(ROW - 85) < 14) & (np.abs(SLICE - 28) < 20), 40)


def test_the_sheet_that_an_ear_is_pressed_against_goes_along_its_whole_length_and_the_ear_stays() -> None:
    values = head()
    sheet, ear = pressed_ear(values)
    bare = seen(values)
    assert np.all(bare[sheet] == AIR_HU)
    assert np.array_equal(bare[ear], values[ear])


@pytest.mark.parametrize(("long_px", "slice_mm", "goes"), [(34, 1.0, False), (46, 1.0, True), (36, 1.2, True)])
def test_a_thin_dense_thing_that_is_no_longer_than_an_ear_stays(long_px: int, slice_mm: float, goes: bool) -> None:
    """As a hearing aid, or an ear that has become bone, which a headrest of foam is pressed against."""
    values = head()
    along = (SLICE >= 8) & (SLICE < 8 + long_px)
    thing = put(values, (COLUMN >= 26) & (COLUMN < 29) & (ROW > 60) & along, 240)
    put(values, (COLUMN >= 29) & (COLUMN < 60) & (np.abs(ROW - 85) < 14) & (np.abs(SLICE - 28) < 20), 40)
    kept = thing & (all_that_is_kept(values) != AIR_HU)
    assert kept.any()
    assert np.all((seen(values, slice_mm=slice_mm)[kept] == AIR_HU) == goes)


def test_a_skull_and_its_skin_that_lie_on_a_headrest_stay() -> None:
    values = head()
    body = values > -1000
    put(values, (ROW >= 140) & (ROW < 143), 240)
    assert np.array_equal(seen(values)[body], values[body])


@pytest.mark.parametrize("skin_px", [0, 2])
def test_the_bone_of_a_finger_that_lies_on_a_table_stays(skin_px: int) -> None:
    values = head()
    table = (ROW >= 148) & (ROW < 151)
    far = np.hypot(COLUMN - 140, ROW - 143 + skin_px)
    along = (SLICE > 8) & (SLICE < 60)
    bone = put(values, (far < 5) & along & ~table, 600)
    put(values, (far < 5 + skin_px) & along & ~table, 40)
    hand = (COLUMN > 84) & (COLUMN < 150) & (ROW > 116) & (ROW < 144 - skin_px) & along
    put(values, hand & (SLICE % 26 > 12), 40)
    put(values, table, 240)
    bone &= all_that_is_kept(values) != AIR_HU
    assert bone.any()
    assert np.array_equal(seen(values)[bone], values[bone])


def all_that_is_kept(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return what is seen of voxels of a millimetre where no sheet is looked for."""
    grid = Grid.from_directions((SIZE, SIZE, SLICES), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    rendered = RenderVoxels(values, grid)
    shape = body_shape(rendered)
    assert shape is not None
    kept = np.kron(shape.kept, np.ones(shape.factors[::-1], dtype=bool))
    return np.where(kept[:SLICES, :SIZE, :SIZE], values, np.int16(AIR_HU))


def test_where_voxels_are_too_large_to_see_skin_on_bone_what_touches_the_patient_stays() -> None:
    values = head()
    sheet, _ = pressed_ear(values)
    bare = seen(values, mm=1.5)
    assert np.any(bare[sheet] != AIR_HU)


def test_of_a_real_head_the_sheet_beside_its_right_ear_goes_and_nothing_else(real_data: Path) -> None:
    context = JobContext()
    (entry,) = scan(real_data / "a01_head_ge_tilt_uneven", context).series
    rendered = render_voxels(regridded(assemble(entry, context), context), full=False)
    shape = body_shape(rendered)
    assert shape is not None
    sheet = sheets_on_body(rendered, shape)
    x_mm, y_mm, z_mm = (rendered.grid.lps(sheet[:, ::-1]) - rendered.grid.centre_lps_mm).T
    assert 2500 < len(sheet) < 3200
    assert (x_mm.min(), x_mm.max()) == pytest.approx((-99, -96), abs=2)
    assert np.ptp(y_mm) < 60
    assert np.ptp(z_mm) < 64
