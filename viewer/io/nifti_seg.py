"""Findings on a NIfTI volume, as NIfTI: value 1 is the first outlined finding, 2 the second, and so on."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import StorageError, TooLargeError, UnreadableFileError
from viewer.domain.labels import Mask
from viewer.io.atomic_file import write_atomically
from viewer.io.program import NOT_FOR_DIAGNOSTIC_USE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

_MOST_BYTES = 2_000_000_000
_OFF_MM = 0.01
_BESIDE_MM = 0.1
_FAULTS = (OSError, EOFError, ValueError, TypeError, ArithmeticError, LookupError, MemoryError, zlib.error)
# NIfTI's x and y grow to the right and to the front (RAS), DICOM's to the left and to the back (LPS).
_RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def fits_nifti(volume: Volume) -> bool:
    """Return whether slices lie evenly, as NIfTI has no place for others: a mask would lie beside what it marks."""
    stack = volume.stack
    places = stack.as_grid().lps([(0, 0, k) for k in range(stack.count)])
    return float(np.abs(places - stack.positions_lps_mm).max()) <= _BESIDE_MM


def write_nifti_seg(path: Path, volume: Volume, masks: Sequence[Mask]) -> None:
    """Write masks as `.nii.gz` on the volume's grid; where masks overlap, as 4D with one image of 0 and 1 for each.

    Raises
    ------
    StorageError
        When there is no mask, or the file cannot be written.
    """
    import nibabel

    if not masks:
        raise StorageError("There is no outlined finding, so there is no segmentation to write.")
    make: Any = nibabel.Nifti1Image
    image = make(_values(masks, volume).T, _RAS_FROM_LPS @ volume.stack.as_grid().lps_from_ijk)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = f"CaseStage findings, {NOT_FOR_DIAGNOSTIC_USE}".encode("ascii")
    write_atomically(path, gzip.compress(image.to_bytes(), mtime=0), "The segmentation")


def read_nifti_seg(path: Path, volume: Volume) -> tuple[Mask | None, ...]:
    """Return the masks of a file that `write_nifti_seg` wrote, in their order.

    Raises
    ------
    UnreadableFileError
        When it is damaged, or lies elsewhere than the volume.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image: Any = nibabel.load(path)
        wanted = _RAS_FROM_LPS @ volume.stack.as_grid().lps_from_ijk
        shape = tuple(image.shape)
        fits = shape[:3] == volume.stack.shape_kji[::-1] and len(shape) in (3, 4)
        # Read only once the header says that it is no larger than the volume it belongs to.
        off = np.abs(image.affine - wanted)
        if shape[2:3] == (1,):
            # Nothing follows after the only slice, however thick it is said to be.
            off[:, 2] = 0
        if not fits or off.max() > _OFF_MM:
            raise UnreadableFileError(
                "The segmentation does not lie on this volume.", "Open the volume that it was made from."
            )
        values = np.asarray(image.dataobj).T
    except (*_FAULTS, ImageFileError, HeaderDataError) as error:
        raise UnreadableFileError("The segmentation cannot be read.", "Copy it again.", repr(error)) from error
    if values.ndim == 4:
        return tuple(Mask.from_full(part != 0) for part in values)
    return tuple(Mask.from_full(values == number) for number in range(1, int(values.max(initial=0)) + 1))


def _values(masks: Sequence[Mask], volume: Volume) -> NDArray[Any]:
    shape = volume.stack.shape_kji
    labels = np.zeros(shape, dtype=np.uint8 if len(masks) < 256 else np.uint16)
    for number, mask in enumerate(masks, start=1):
        box = labels[mask.box]
        if box[mask.voxels].any():
            break
        box[mask.voxels] = number
    else:
        return labels
    if len(masks) * labels.size > _MOST_BYTES:
        raise TooLargeError(f"{len(masks)} findings that overlap are too many for one segmentation.")
    apart = np.zeros((len(masks), *shape), dtype=np.uint8)
    for n, mask in enumerate(masks):
        apart[n][mask.box] = mask.voxels
    return apart
