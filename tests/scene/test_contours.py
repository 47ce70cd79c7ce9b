from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.labels import Mask
from viewer.domain.plane_turn import about, turned_axes
from viewer.domain.view_state import as_point
from viewer.scene.contours import Outlines, grow_mm
from viewer.scene.plane_slices import cut, layers_at, plane_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume

    Make = Callable[..., Volume]
    Arrays = Callable[..., np.ndarray]


def finding_of(full: np.ndarray, grid: Grid, long_axis_mm: float = 20.0) -> Finding:
    return Finding(
        "f",
        "2.25.1",
        "nodule",
        "Nodule",
        Source(SourceKind.MODEL, "test"),
        grid.centre_lps_mm,
        grid.bounds_lps_mm,
        mask=Mask.from_full(full),
        long_axis_mm=long_axis_mm,
    )


def mask_of(full: np.ndarray) -> Mask:
    mask = Mask.from_full(full)
    assert mask is not None
    return mask


def ball(grid: Grid, centre: Point, radius_mm: float) -> np.ndarray:
    points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in grid.size_ijk), indexing="ij"), axis=-1))
    return np.ascontiguousarray((np.linalg.norm(points - centre, axis=-1) <= radius_mm).transpose(2, 1, 0))


def area_mm2(lines: tuple[np.ndarray, ...], plane: PlaneName) -> float:
    total = 0.0
    for line in lines:
        x, y = line @ PLANE_AXES[plane].right, line @ PLANE_AXES[plane].down
        total += abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2
    return total


@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize("oblique", [False, True])
def test_the_outline_of_a_ball_is_a_circle_of_its_size_at_its_place(
    plane: PlaneName, oblique: bool, volume_of: Make
) -> None:
    rotation = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0] if oblique else None
    grid = Grid.from_directions(
        (60, 56, 40), origin_lps_mm=(-40, 30, -9), spacing_mm=(0.8, 0.9, 1.25), directions=rotation
    )
    centre = tuple(grid.centre_lps_mm + 0.3)
    mask = mask_of(ball(grid, centre, 9.0))
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    lines = Outlines().of(mask, volume, plane, centre)
    assert len(lines) == 1
    assert np.array_equal(lines[0][0], lines[0][-1])
    distance = np.linalg.norm(lines[0] - centre, axis=1)
    assert np.abs(distance - 9.0).max() < 1.3
    assert area_mm2(lines, plane) == pytest.approx(np.pi * 81, rel=0.06)
    assert np.ptp(lines[0] @ PLANE_AXES[plane].into) == pytest.approx(0, abs=1e-9)


def test_a_box_of_voxels_is_outlined_at_the_voxels_faces_in_every_order_of_axes(
    volume_of: Make, signed_axes: Arrays
) -> None:
    grid = Grid.from_directions(
        (20, 24, 16),
        origin_lps_mm=(5, 6, 7),
        spacing_mm=(1.0, 2.0, 3.0),
        directions=signed_axes((1, 2, 0), (-1, 1, -1)),
    )
    full = np.zeros(grid.shape_kji, dtype=bool)
    full[4:9, 6:12, 5:15] = True
    corners = grid.lps(np.array([(4.5, 5.5, 3.5), (14.5, 11.5, 8.5)]))
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    for plane in PlaneName:
        (line,) = Outlines().of(mask_of(full), volume, plane, tuple(corners.mean(axis=0)))
        for direction in (PLANE_AXES[plane].right, PLANE_AXES[plane].down):
            assert sorted((line @ direction).round(6))[:: len(line) - 1] == pytest.approx(sorted(corners @ direction))


def test_a_hole_is_an_outline_of_its_own(volume_of: Make) -> None:
    grid = Grid.from_directions((40, 40, 3), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    full = np.zeros(grid.shape_kji, dtype=bool)
    full[:, 5:30, 5:30] = True
    full[:, 12:20, 12:20] = False
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    assert len(Outlines().of(mask_of(full), volume, PlaneName.AXIAL, (10.0, 10.0, 1.0))) == 2


def test_an_outline_drawn_outside_keeps_its_distance(volume_of: Make) -> None:
    grid = Grid.from_directions((40, 40, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(0.7, 0.7, 2.5))
    full = np.zeros(grid.shape_kji, dtype=bool)
    full[8:11, 18:22, 18:22] = True
    small = finding_of(full, grid, long_axis_mm=4.0)
    assert (grow_mm(small), grow_mm(finding_of(full, grid)), grow_mm(finding_of(full, grid), missed=True)) == (1, 0, 1)
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    for plane, low, high in (
        (PlaneName.AXIAL, (17.5 * 0.7, 17.5 * 0.7), (21.5 * 0.7, 21.5 * 0.7)),
        (PlaneName.CORONAL, (17.5 * 0.7, -10.5 * 2.5), (21.5 * 0.7, -7.5 * 2.5)),
    ):
        (line,) = Outlines().of(mask_of(full), volume, plane, (14.0, 14.0, 22.5), grow_mm=1.0)
        flat = np.stack([line @ PLANE_AXES[plane].right, line @ PLANE_AXES[plane].down], axis=1)
        beyond = np.maximum(np.maximum(np.subtract(low, flat), np.subtract(flat, high)), 0)
        assert np.linalg.norm(beyond, axis=1) == pytest.approx(np.ones(len(flat)), abs=0.3)


@pytest.mark.parametrize(("voxels", "least_mm2"), [(1, 0.4), (2, 3.4)])
def test_a_voxel_alone_is_outlined_in_every_plane_that_is_turned_through_its_middle(
    volume_of: Make, voxels: int, least_mm2: float
) -> None:
    grid = Grid.from_directions((20, 20, 20), origin_lps_mm=(-9.0, 4.0, 30.0), spacing_mm=(1.0, 1.0, 1.0))
    marked = np.zeros(grid.shape_kji, dtype=bool)
    marked[9 : 9 + voxels, 8 : 8 + voxels, 7 : 7 + voxels] = True
    volume, mask = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid), mask_of(marked)
    middle = as_point(grid.lps(np.array([7.0, 8.0, 9.0]) + (voxels - 1) / 2))
    random = np.random.default_rng(5)
    for _ in range(60):
        turn = about(random.normal(size=3), random.uniform(0.1, 1.5))
        lines = Outlines().of(mask, volume, PlaneName.AXIAL, middle, turn=turn)
        axes = turned_axes(PLANE_AXES[PlaneName.AXIAL], turn)
        (line,) = lines
        x, y = line @ axes.right, line @ axes.down
        assert abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2 > least_mm2


def test_no_outline_beside_the_finding(volume_of: Make) -> None:
    grid = Grid.from_directions((20, 20, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    full = np.zeros(grid.shape_kji, dtype=bool)
    full[8:11, 8:11, 8:11] = True
    volume = volume_of(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    outlines = Outlines()
    assert outlines.of(mask_of(full), volume, PlaneName.AXIAL, (9.0, 9.0, 10.4)) != ()
    assert outlines.of(mask_of(full), volume, PlaneName.AXIAL, (9.0, 9.0, 10.6)) == ()


@pytest.mark.parametrize("plane", list(PlaneName))
def test_half_way_between_two_images_the_outline_is_that_of_the_image_which_is_seen(
    plane: PlaneName, volume_of: Make, signed_axes: Arrays
) -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        size = tuple(2 * int(n) for n in rng.integers(4, 12, 3))
        directions = signed_axes(tuple(rng.permutation(3)), tuple(rng.choice((-1, 1), 3)))
        grid = Grid.from_directions(
            size,
            origin_lps_mm=rng.uniform(-300, 300, 3).round(4),
            spacing_mm=rng.uniform(0.3, 3.0, 3).round(6),
            directions=directions,
        )
        across = int(np.argmax(np.abs(directions.T @ PLANE_AXES[plane].into)))
        index = np.indices(grid.shape_kji)[2 - across]
        volume = volume_of(index.astype(np.int16), grid)
        cursor = as_point(grid.centre_lps_mm)
        runs = plane_runs(grid, plane)
        assert runs is not None
        layers = layers_at(runs.into, float(np.dot(cursor, PLANE_AXES[plane].into)), 0.0)
        assert layers is not None
        seen = int(cut(volume.voxels, runs, *layers)[0, 0])
        for marked in (seen - 1, seen, seen + 1):
            lines = Outlines().of(mask_of(index == marked), volume, plane, cursor)
            assert bool(lines) == (marked == seen)
