"""Volumes whose slices are tilted and unevenly spaced, acquired in any order and turn, as the program shows them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.analysis.regrid import regridded
from viewer.domain.geometry import PLANE_AXES, PlaneName, SliceStack, Verdict
from viewer.domain.job import JobContext
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

TILT_DEG = 18.5
GAPS_MM = (4.0, 4.0, 7.0, 7.0, 1.1)
PIXEL_MM = 0.75
SIZE = (26, 22)


@frozen
class Turn:
    """How rows and columns run on the screen: rows across or down, and each with or against the screen's direction."""

    rows_go_across: bool = True
    rows_forward: bool = True
    columns_forward: bool = True


TURNS = tuple(Turn(*flags) for flags in itertools.product((True, False), repeat=3))


def tilted_stack(
    plane: PlaneName = PlaneName.AXIAL,
    turn: Turn = Turn(),  # noqa: B008 - frozen
    *,
    tilt_deg: float = TILT_DEG,
    gaps_mm: Sequence[float] = GAPS_MM,
    size: tuple[int, int] = SIZE,
) -> SliceStack:
    """Return slices that face a plane, tilted about its horizontal axis, their line along the plane's own direction."""
    screen, tilt = PLANE_AXES[plane], math.radians(tilt_deg)
    right = screen.right
    down = math.cos(tilt) * screen.down + math.sin(tilt) * screen.into
    rows, columns = (right, down) if turn.rows_go_across else (down, right)
    rows = rows if turn.rows_forward else -rows
    columns = columns if turn.columns_forward else -columns
    along = np.concatenate([[0.0], np.cumsum(gaps_mm)]) / math.cos(tilt)
    half = (np.asarray(size) - 1) / 2 * PIXEL_MM
    middle = np.array([11.0, -7.0, 30.0])
    corner = middle - half[0] * rows - half[1] * columns
    positions = corner + (along - along.mean())[:, None] * screen.into
    normal = np.cross(rows, columns)
    return SliceStack(size, (PIXEL_MM, PIXEL_MM), rows, columns, positions[np.argsort(positions @ normal)])


def tilted_volume(
    plane: PlaneName = PlaneName.AXIAL,
    turn: Turn = Turn(),  # noqa: B008 - frozen
    *,
    tilt_deg: float = TILT_DEG,
    gaps_mm: Sequence[float] = GAPS_MM,
    size: tuple[int, int] = SIZE,
) -> Volume:
    """Return noise on tilted slices, a value of its own in nearly every voxel, on its regular grid."""
    stack = tilted_stack(plane, turn, tilt_deg=tilt_deg, gaps_mm=gaps_mm, size=size)
    values = np.random.default_rng(3).integers(-900, 900, stack.shape_kji).astype(np.int16)
    volume = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid(), verdict=Verdict.RESAMPLED)
    return regridded(volume, JobContext())


def with_slices_missing(volume: Volume, *gone: int) -> Volume:
    """Return a volume without some of its slices, on its grid with what is missing left empty."""
    there = [k for k in range(volume.stack.count) if k not in gone]
    values = np.ascontiguousarray(volume.slices[there])
    stack = evolve(volume.stack, positions_lps_mm=volume.stack.positions_lps_mm[there])
    left = Volume(volume.series, values, stack, values, stack.as_grid(), verdict=Verdict.UNTRUSTED)
    return regridded(left, JobContext())
