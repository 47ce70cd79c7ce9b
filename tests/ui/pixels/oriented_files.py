"""The same patient stored in all 48 ways of turning and mirroring the axes, as DICOM and as NIfTI.

The patient is six kinds of spots, each as bright as no other, so that a picture says by itself which side is which.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import nibabel
import numpy as np

from tests.io.conftest import MadeCt
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

MIDDLE_LPS_MM = (12.3, -45.6, 78.9)
# How much brighter than air, in HU; far enough apart to be told after interpolation.
BRIGHTER_HU = {"R": 300, "L": 438, "A": 640, "P": 934, "F": 1364, "H": 1990}
ALONG = {"R": (0, -1), "L": (0, 1), "A": (1, -1), "P": (1, 1), "F": (2, -1), "H": (2, 1)}
OUT_MM, ASIDE_MM, SPREAD_MM = 19.0, 8.0, 2.4
SIZES, SPACINGS_MM = (56, 50, 32), (1.1, 1.2, 1.8)
PLANE_ACROSS = {"axial": 2, "coronal": 1, "sagittal": 0}


def spots(plane: str) -> dict[str, tuple[float, float, float]]:
    """Return where in LPS the spots of a plane lie, by side; beside the lines through the middle."""
    across = PLANE_ACROSS[plane]
    found = {}
    for letter, (axis, sign) in ALONG.items():
        if axis != across:
            place = list(MIDDLE_LPS_MM)
            place[axis] += sign * OUT_MM
            place[3 - across - axis] += ASIDE_MM
            found[letter] = (place[0], place[1], place[2])
    return found


def orientations() -> list[NDArray[np.float64]]:
    """Return the 48 matrices whose columns are the LPS directions of i, j and k: 24 turns, each also mirrored."""
    made = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            directions = np.zeros((3, 3))
            directions[axes, range(3)] = signs
            made.append(directions)
    return made


def stored(directions: NDArray[np.float64]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Return values, [i, j, k], and the 4×4 matrix from ijk to LPS."""
    matrix = np.eye(4)
    matrix[:3, :3] = directions * SPACINGS_MM
    # The middle lies beside the middles of voxels.
    matrix[:3, 3] = np.asarray(MIDDLE_LPS_MM) - matrix[:3, :3] @ (np.asarray(SIZES) / 2 - (0.3, 0.6, 0.2))
    ijk = np.stack(np.indices(SIZES), axis=-1)
    lps = ijk @ matrix[:3, :3].T + matrix[:3, 3]
    values = np.full(SIZES, -1000.0)
    for plane in PLANE_ACROSS:
        for letter, place in spots(plane).items():
            away = np.linalg.norm(lps - place, axis=-1)
            values += BRIGHTER_HU[letter] * np.exp(-(away**2) / (2 * SPREAD_MM**2))
    return np.round(values).astype(np.int16), matrix


def as_nifti(folder: Path, directions: NDArray[np.float64]) -> Volume:
    """Return the patient opened from a NIfTI file of an orientation."""
    values, lps_from_ijk = stored(directions)
    path = folder / "patient.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps_from_ijk), path)
    return _opened(path)


def as_dicom(folder: Path, directions: NDArray[np.float64]) -> Volume:
    """Return the patient opened from DICOM files of an orientation; images are numbered in their stored order."""
    values, lps_from_ijk = stored(directions)
    made = MadeCt(folder)
    for k in range(SIZES[2]):
        made.slice(
            f"IM{(k * 7) % SIZES[2]:03d}",
            np.ascontiguousarray(values[:, :, k].T) + 1024,
            tuple(lps_from_ijk @ (0, 0, k, 1))[:3],
            ImageOrientationPatient=[*directions[:, 0], *directions[:, 1]],
            # Between rows, then between columns.
            PixelSpacing=[SPACINGS_MM[1], SPACINGS_MM[0]],
            InstanceNumber=str(k + 1),
        )
    return _opened(folder)


def _opened(path: Path) -> Volume:
    (entry,) = scan(path, JobContext()).series
    return load_series(entry, JobContext())
