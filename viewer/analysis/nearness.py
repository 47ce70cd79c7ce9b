"""How far a place is from a finding: to its nearest voxel, on the original slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.view_state import Point, as_point

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.geometry import SliceStack


@frozen
class Nearness:
    """A place held against a finding.

    Attributes
    ----------
    distance_mm
        To the centre of the nearest marked voxel; of a finding without an outline to its point; 0 inside.
    inside
        True where the place lies in a marked voxel.
    nearest_lps_mm
        The centre of that voxel, or the finding's point.
    """

    distance_mm: float
    inside: bool
    nearest_lps_mm: Point


def nearness(place_lps_mm: Point, finding: Finding, stack: SliceStack) -> Nearness:
    """Return how far a place in the patient is from a finding on original slices."""
    place = np.asarray(place_lps_mm, dtype=np.float64)
    if finding.mask is None:
        return nearness_to_point(place_lps_mm, as_point(finding.centre_lps_mm))
    first = np.asarray(finding.mask.first_ijk)
    marked = np.argwhere(finding.mask.voxels)[:, ::-1] + first
    centres = stack.lps(marked.astype(np.float64))
    distances = np.linalg.norm(centres - place, axis=1)
    nearest = int(np.argmin(distances))
    at = stack.nearest_ijk(place)
    if at is not None and bool((marked == at).all(axis=1).any()):
        return Nearness(0.0, True, as_point(centres[nearest]))
    return Nearness(float(distances[nearest]), False, as_point(centres[nearest]))


def nearness_to_point(place_lps_mm: Point, point_lps_mm: Point) -> Nearness:
    """Return how far a place is from a point, which nothing is inside of."""
    away = float(np.linalg.norm(np.subtract(place_lps_mm, point_lps_mm)))
    return Nearness(away, False, point_lps_mm)
