"""Small volumes in single files, and what ITK says of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

SPACING = (0.7, 0.8, 2.5)
ORIGIN = (11.5, -22.25, 333.125)
_OFF_MM = 0.01


def _turned(about_x: float, about_y: float, about_z: float) -> NDArray[np.float64]:
    (a, b, c), (s, t, u) = np.cos((about_x, about_y, about_z)), np.sin((about_x, about_y, about_z))
    x = np.array([[1, 0, 0], [0, a, -s], [0, s, a]])
    y = np.array([[b, 0, t], [0, 1, 0], [-t, 0, b]])
    z = np.array([[c, -u, 0], [u, c, 0], [0, 0, 1]])
    return np.asarray(x @ y @ z, dtype=np.float64)


def _permuted(*order: int) -> NDArray[np.float64]:
    return np.asarray(np.eye(3)[:, order], dtype=np.float64)


# Columns are the directions of i, j and k in LPS.
DIRECTIONS: dict[str, NDArray[np.float64]] = {
    "LPS": np.eye(3),
    "RAS": np.diag([-1.0, -1.0, 1.0]),
    "feet last": np.diag([1.0, -1.0, -1.0]),
    "left-handed": np.diag([-1.0, 1.0, 1.0]),
    "left-handed by k": np.diag([1.0, 1.0, -1.0]),
    "sagittal": _permuted(1, 2, 0),
    "coronal": _permuted(2, 0, 1),
    "coronal, left-handed": _permuted(0, 2, 1),
    "sagittal, flipped": _permuted(1, 2, 0) @ np.diag([1.0, -1.0, 1.0]),
    "oblique": _turned(0.35, -0.6, 0.2),
    "oblique, left-handed": _turned(-0.5, 0.3, 1.1) @ np.diag([1.0, 1.0, -1.0]),
    "oblique sagittal": _turned(0.2, 0.2, -0.4) @ _permuted(2, 1, 0),
}


def values(dtype: Any = np.int16) -> NDArray[Any]:
    """Return values [k, j, i] of which no two are the same, 5 × 6 × 7, small enough for a byte."""
    numbers = np.random.default_rng(4).permutation(5 * 6 * 7).reshape(5, 6, 7)
    low = -100 if np.issubdtype(dtype, np.signedinteger) or np.issubdtype(dtype, np.floating) else 0
    return (numbers + low).astype(dtype)


def many(dtype: Any = np.int16, *, count: int = 60) -> NDArray[Any]:
    """Return values [k, j, i] of slices large enough to be worth a look at memory and time."""
    numbers = np.random.default_rng(2).integers(-1000, 1000, (count, 160, 200))
    return numbers.astype(dtype)


def itk_image(array: NDArray[Any], directions: NDArray[np.float64]) -> Any:
    """Return an image with spacing, origin and directions."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(directions.flatten().tolist())
    return image


def written_by_itk(path: Path, array: NDArray[Any], directions: NDArray[np.float64], *, packed: bool = False) -> Path:
    """Write an image and return its path."""
    sitk.WriteImage(itk_image(array, directions), str(path), packed)
    return path


def written_beside(path: Path, header: bytes, files: dict[str, bytes]) -> Path:
    """Write a header and, as .raw beside it, the files that it names, and return its path."""
    path.write_bytes(header)
    for name, payload in files.items():
        (path.parent / f"{name}.raw").write_bytes(payload)
    return path


def opened(path: Path) -> Volume:
    """Return the one volume of a file, as the program opens it."""
    (entry,) = scan(path, JobContext()).series
    return assemble(entry, JobContext())


def assert_lies_as(volume: Volume, array: NDArray[Any], lps_from_ijk: NDArray[np.float64]) -> None:
    """Hold every voxel of a volume, and the places of many, against values [k, j, i] and a matrix."""
    count = array.shape[0]
    forward = np.array_equal(volume.slices, array)
    assert forward or np.array_equal(volume.slices[::-1], array)
    ends = [(0, n // 2, n - 1) for n in array.shape[::-1]]
    for i, j, k in itertools.product(*ends):
        place = (lps_from_ijk @ (i, j, k, 1))[:3]
        mine = (i, j, k if forward else count - 1 - k)
        assert np.linalg.norm(volume.stack.lps(mine) - place) < _OFF_MM
        assert np.linalg.norm(volume.grid.lps(mine) - place) < _OFF_MM
        assert volume.value_at(place) == array[k, j, i]
    assert np.all(volume.stack.gaps_mm > 0)


def assert_as_itk(volume: Volume, path: Path) -> None:
    """Hold a volume against what ITK reads from the same file: voxels, and where they lie."""
    image = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, 3] = image.TransformIndexToPhysicalPoint((0, 0, 0))
    for axis in range(3):
        step = [0, 0, 0]
        step[axis] = 1
        matrix[:3, axis] = np.subtract(image.TransformIndexToPhysicalPoint(step), matrix[:3, 3])
    assert_lies_as(volume, sitk.GetArrayFromImage(image), matrix)


def nrrd_header(*lines: str, without: Sequence[str] = ()) -> bytes:
    """Return an NRRD header of a 7 × 6 × 5 volume in LPS; a line takes the place of one of the same field."""
    said = [
        "type: int16",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: 7 6 5",
        "space directions: (0.7,0,0) (0,0.8,0) (0,0,2.5)",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        "space origin: (11.5,-22.25,333.125)",
    ]
    return _replaced(b"NRRD0004\n", said, lines, without, ":") + b"\n"


def meta_header(*lines: str, without: Sequence[str] = ()) -> bytes:
    """Return a MetaImage header of a 7 × 6 × 5 volume in LPS; a line takes the place of one of the same key."""
    said = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = False",
        "TransformMatrix = 1 0 0 0 1 0 0 0 1",
        "Offset = 11.5 -22.25 333.125",
        "CenterOfRotation = 0 0 0",
        "AnatomicalOrientation = RAI",
        "ElementSpacing = 0.7 0.8 2.5",
        "DimSize = 7 6 5",
        "ElementType = MET_SHORT",
        "ElementDataFile = LOCAL",
    ]
    return _replaced(b"", said, lines, without, "=")


def _replaced(start: bytes, said: list[str], lines: Sequence[str], without: Sequence[str], mark: str) -> bytes:
    new = {line.partition(mark)[0].strip(): line for line in lines}
    old = {line.partition(mark)[0].strip(): line for line in said}
    kept = {**old, **new}
    last = kept.pop("ElementDataFile", None)
    text = [line for key, line in kept.items() if key not in without]
    text += [last] if last is not None and "ElementDataFile" not in without else []
    return start + "".join(f"{line}\n" for line in text).encode()


PLAIN_MATRIX = np.array(
    [[0.7, 0, 0, ORIGIN[0]], [0, 0.8, 0, ORIGIN[1]], [0, 0, 2.5, ORIGIN[2]], [0, 0, 0, 1]], dtype=np.float64
)


RAW = values().tobytes()


def refused(path: Path) -> CaseStageError:
    """Return what is said of a file that cannot be opened, after proving that it is a sentence."""
    with pytest.raises(CaseStageError) as caught:
        opened(path)
    error = caught.value
    assert error.sentence.endswith(".")
    assert error.sentence[0].isupper()
    assert "Error" not in error.sentence
    assert len(error.sentence) < 160
    return error
