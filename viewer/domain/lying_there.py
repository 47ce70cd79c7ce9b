"""What is drawn over the images at a place: the labels and the finding that a pointer points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.session import Workspace
from viewer.domain.view_state import OverlayMode

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.labels import Mask
    from viewer.domain.overlays import Label
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point

# A mark without extent is this large to a pointer, in mm.
NEAR_MM = 3.0


def labels_at(session: Session, lps_mm: Point) -> tuple[Label, ...]:
    """Return the labels that are shown at a place in LPS mm, the smallest first."""
    view, ijk = session.view, _voxel(session, lps_mm)
    if view is None or ijk is None or not _uncovered(session):
        return ()
    hidden = frozenset(view.hidden_labels)
    there = [label for label in session.overlays.labels if label.key not in hidden and holds(label.mask, ijk)]
    return tuple(sorted(there, key=lambda label: label.mask.count))


def finding_at(session: Session, lps_mm: Point) -> Finding | None:
    """Return the smallest finding that is shown at a place in LPS mm; in Inspect, where there is none, the truth."""
    if not _uncovered(session):
        return None
    truth = session.lesions if session.workspace is Workspace.INSPECT else ()
    for listed in (session.shown_findings, truth):
        there = [(_extent(finding), n) for n, finding in enumerate(listed) if _is_at(session, finding, lps_mm)]
        if there:
            return listed[min(there)[1]]
    return None


def holds(mask: Mask, ijk: tuple[int, int, int]) -> bool:
    """Return whether a mask marks a voxel of the original slices."""
    if any(not first <= at < behind for at, first, behind in zip(ijk, mask.first_ijk, mask.behind_ijk, strict=True)):
        return False
    i, j, k = (at - first for at, first in zip(ijk, mask.first_ijk, strict=True))
    return bool(mask.voxels[k, j, i])


def _uncovered(session: Session) -> bool:
    view = session.view
    return view is not None and view.overlay is not OverlayMode.OFF and not session.veiled


def _voxel(session: Session, lps_mm: Point) -> tuple[int, int, int] | None:
    return session.volume.nearest_ijk(lps_mm) if session.volume is not None else None


def _is_at(session: Session, finding: Finding, lps_mm: Point) -> bool:
    if not finding.placed:
        return False
    if finding.mask is not None:
        ijk = _voxel(session, lps_mm)
        return ijk is not None and holds(finding.mask, ijk)
    low, high = np.asarray(finding.bounds_lps_mm).T
    return bool(np.all(lps_mm >= low - NEAR_MM) and np.all(lps_mm <= high + NEAR_MM))


def _extent(finding: Finding) -> float:
    if finding.mask is not None:
        return float(finding.mask.count)
    low, high = np.asarray(finding.bounds_lps_mm).T
    return float(np.prod(high - low))
