"""A phantom as a volume in memory, without files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.analysis.regrid import regridded
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.identifiers import uid_from
from viewer.domain.job import JobContext
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from viewer.phantom.phantom import Phantom


def volume_of(phantom: Phantom) -> Volume:
    """Return the volume that reading the phantom's files would give; a tilted one is put on a regular grid."""
    tilt = np.deg2rad(phantom.tilt_deg)
    x, y, z = phantom.origin_lps_mm
    positions = [(x, y, z + k * phantom.spacing_mm[2]) for k in range(len(phantom.voxels_hu))]
    stack = SliceStack(
        (phantom.voxels_hu.shape[2], phantom.voxels_hu.shape[1]),
        phantom.spacing_mm[:2],
        (1, 0, 0),
        (0, float(np.cos(tilt)), float(np.sin(tilt))),
        positions,
    )
    facts = SeriesFacts(
        uid_from(f"{phantom.description} in memory"),
        modality="CT",
        body_part=phantom.kind.upper(),
        synthetic=True,
    )
    verdict = Verdict.RESAMPLED if phantom.tilt_deg else Verdict.OK
    volume = Volume(facts, phantom.voxels_hu, stack, phantom.voxels_hu, stack.as_grid(), verdict=verdict)
    return regridded(volume, JobContext()) if phantom.tilt_deg else volume
