"""What the header of a volume in one file says, whatever the format: sizes, place, how its voxels are stored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.io.decode import MOST_PIXELS
from viewer.io.dicom_geometry import judge
from viewer.io.voxel_stream import StoredBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

# Values grow to the right and to the front in RAS, to the left and to the back in LPS.
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
NO_PLACE = "The file does not say where it lies in the patient."
TWO_SIZES = "The file says in two ways how large its voxels are, and they differ."
UNKNOWN_UNIT = "The file gives lengths in a unit that is not understood."
NEGATIVE_SIZE = "The file gives its voxels a negative size, which programs read in two ways, one of them mirrored."
# Whatever leant them, which a file of a volume does not tell.
_LEAN = "The file's slices do not lie straight behind one another, but lean by"
COLOURS = "The file holds colours, not measured values."
MOST_PARTS = 4096
_MOST_VALUES_EACH_WAY = 65535
_FURTHEST_MM = 1e6
_FLAT = 1e-3
_SKEWED = 1e-2
_SKEWED_MM = 0.1


@define(frozen=True, eq=False)
class StoredVolume:
    """One volume, or several of one size and place, as a header describes them.

    Attributes
    ----------
    format_name, kind
        "NRRD" for people, "nrrd" for programs.
    axes
        Sizes in the order of storage, fastest first: i, j, k, and at `part_axis` the number of parts.
    part_axis
        Where in `axes` the parts are told apart, or None where there is one volume.
    part_word
        "volume", "time point" or "channel".
    dtype
        Of a stored number, its byte order included.
    slope, intercept
        Value = stored number × slope + intercept.
    stored
        The files that hold the numbers.
    lps_from_ijk
        4×4, from the header; may be nonsense.
    doubts
        Why its place cannot be trusted, a sentence each; empty where the header says it.
    notes
        What else is to be said of its place, a sentence each, that puts it in no doubt.
    modality
        As the header says, a DICOM code; "" where it does not.
    unit
        As the header says; "" where it does not.
    never_hu
        Why values as low as air are no HU here, a sentence; "" where they may be.
    """

    format_name: str
    kind: str
    axes: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: StoredBytes
    lps_from_ijk: NDArray[np.float64]
    part_axis: int | None = None
    part_word: str = "volume"
    slope: float = 1.0
    intercept: float = 0.0
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    modality: str = ""
    unit: str = ""
    never_hu: str = ""

    @property
    def parts(self) -> int:
        """Number of volumes."""
        return 1 if self.part_axis is None else self.axes[self.part_axis]

    @property
    def scaled(self) -> bool:
        """True where values are not the stored numbers themselves."""
        return (self.slope, self.intercept) != (1, 0)

    @property
    def size_ijk(self) -> tuple[int, int, int]:
        """Columns, rows and slices of each volume."""
        i, j, k = (n for axis, n in enumerate(self.axes) if axis != self.part_axis)
        return (i, j, k)

    def bytes_before(self, part: int, k: int) -> int:
        """Return how many bytes of numbers lie before slice `k` of a volume."""
        ni, nj, nk = self.size_ijk
        if self.part_axis is None or self.part_axis == 3:
            return (part * nk + k) * ni * nj * self.dtype.itemsize
        return k * self.parts * ni * nj * self.dtype.itemsize

    def part_words(self, index: int) -> str:
        """Return what sets one volume apart from the others, "" for the only one."""
        return f"{self.part_word} {index + 1} of {self.parts}" if self.parts > 1 else ""


def total_bytes(axes: Sequence[int], dtype: np.dtype[Any]) -> int:
    """Return how many bytes hold all numbers."""
    return math.prod(axes) * dtype.itemsize


def refuse_sizes(format_name: str, size_ijk: Sequence[int], parts: int = 1) -> None:
    """Raise UnreadableFileError or TooLargeError where sizes are those of no volume."""
    if len(size_ijk) != 3:
        dimensions = f"{len(size_ijk)} dimension{'' if len(size_ijk) == 1 else 's'}"
        raise UnreadableFileError(f"This {format_name} file has {dimensions}, so it is no volume.")
    said = f"The file says that it is {' × '.join(f'{n:,}' for n in size_ijk)} voxels large."
    if min(size_ijk) < 1:
        raise UnreadableFileError(said)
    if parts < 1:
        raise UnreadableFileError("The file says that it holds no volume.")
    if max(size_ijk) > _MOST_VALUES_EACH_WAY or size_ijk[0] * size_ijk[1] > MOST_PIXELS:
        raise TooLargeError(said)
    if parts > MOST_PARTS:
        raise TooLargeError(f"The file says that it holds {parts:,} volumes.", f"At most {MOST_PARTS} are listed.")


def refuse_colours(channels: int, dtype: np.dtype[Any]) -> None:
    """Raise UnreadableFileError where several numbers for each voxel can only be a colour."""
    if channels in (3, 4) and dtype == np.uint8:
        raise UnreadableFileError(COLOURS)


@define(frozen=True, eq=False)
class Place:
    """Where the slices of a stored volume lie, and what can be trusted of it.

    `order` is -1 where slices are stored against their normal, as with a left-handed matrix; `known` is False where
    the file gives no place in the patient.
    """

    stack: SliceStack
    order: int
    verdict: Verdict
    reasons: tuple[str, ...]
    known: bool


def place_of(volume: StoredVolume) -> Place:
    """Return where the slices of a volume lie: those of its third axis, sorted so that they rise along their normal."""
    reasons, size_ijk = list(volume.doubts), volume.size_ijk
    matrix = np.asarray(volume.lps_from_ijk, dtype=np.float64)
    known = NO_PLACE not in reasons
    if not _describes_a_place(matrix):
        reasons.append("The file's geometry describes no place.")
        matrix, known = np.eye(4), False
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    row, column, step = (matrix[:3, axis] / lengths[axis] for axis in range(3))
    skew = abs(float(row @ column))
    if skew > _SKEWED or skew * float(lengths[1]) * (size_ijk[1] - 1) > _SKEWED_MM:
        reasons.append("The file's rows and columns are not at right angles.")
    column = column - (column @ row) * row
    column = column / np.linalg.norm(column)
    positions = matrix[:3, 3] + np.arange(size_ijk[2])[:, None] * matrix[:3, 2]
    order = 1 if float(np.cross(row, column) @ step) > 0 else -1
    stack = SliceStack(
        size_ij=(size_ijk[0], size_ijk[1]),
        pixel_spacing_mm=(float(lengths[0]), float(lengths[1])),
        row_direction=row,
        column_direction=column,
        positions_lps_mm=positions[::order],
        alone_mm=abs(float(np.cross(row, column) @ matrix[:3, 2])),
    )
    proven, said = judge(stack, leans=_LEAN)
    return Place(stack, order, Verdict.UNTRUSTED if reasons else proven, (*reasons, *said), known)


def _describes_a_place(matrix: NDArray[np.float64]) -> bool:
    if not np.isfinite(matrix).all() or float(np.abs(matrix).max()) > _FURTHEST_MM:
        return False
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if float(lengths.min()) < 1e-6:
        return False
    row, column, step = (matrix[:3, axis] / lengths[axis] for axis in range(3))
    normal = np.cross(row, column)
    return float(np.linalg.norm(normal)) > _FLAT and abs(float(normal @ step)) > _FLAT
