"""A NIfTI file as a volume: turned from RAS to LPS at the door, its values named for what they are known to be."""

from __future__ import annotations

import hashlib
import os
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.decode import MOST_PIXELS
from viewer.io.dicom_geometry import judge
from viewer.io.memory import refuse_if_too_large
from viewer.io.pydicom_headers import PARSER_FAILURES
from viewer.io.series_entry import SeriesEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext

# Air in CT lies near −1000 HU; no other common image has values as low as this in a file without a stated unit.
_PLAUSIBLE_AIR_HU = -500
_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
_MOST_VALUES_EACH_WAY = 32767
_SKEWED = 1e-2


def _load(path: str) -> Any:
    import nibabel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Any = nibabel.Nifti1Image.from_filename(path)
            if image.header["sizeof_hdr"] != 348:
                raise ValueError("not a NIfTI-1 header")
            return image
    except (
        *PARSER_FAILURES,
        nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
        nibabel.wrapstruct.WrapStructError,
    ) as error:
        raise UnreadableFileError("Not a NIfTI file, or its header is damaged.", detail=repr(error)) from error


def _shape(image: Any) -> tuple[int, ...]:
    shape = tuple(int(n) for n in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (3, 4) or not all(0 < n <= _MOST_VALUES_EACH_WAY for n in shape):
        raise UnreadableFileError(f"A NIfTI file of {len(shape)} dimensions, {shape}, is no volume.")
    if shape[0] * shape[1] > MOST_PIXELS:
        raise UnreadableFileError(f"The file says that it is {shape[0]} × {shape[1]} pixels large.")
    return shape


def nifti_entry(path: str) -> SeriesEntry:
    """Return a NIfTI file as one series; its UID is made from the file's size and first bytes.

    Raises
    ------
    UnreadableFileError
        Where it is not NIfTI-1, is damaged, or holds no volume.
    """
    image = _load(path)
    shape = _shape(image)
    name = os.path.basename(path)
    stem = name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else name[: -len(".nii")]
    return SeriesEntry(
        facts=SeriesFacts(series_uid=_uid(path), description=stem),
        files=(path,),
        frames=(),
        count=shape[2],
        size_ij=(shape[0], shape[1]),
        kind="nifti",
    )


def _uid(path: str) -> str:
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256(str(os.fstat(file.fileno()).st_size).encode() + file.read(1 << 20))
    except OSError as error:
        raise UnreadableFileError("The file cannot be read.", detail=repr(error)) from error
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def read_nifti(entry: SeriesEntry, ctx: JobContext) -> Volume:
    """Return the volume of a NIfTI file, slices sorted so that they rise along their normal.

    int16 where every value is a whole number that fits, else float32. The unit is "HU" only where values go as low
    as air in CT does, and the reasons say that it was assumed.

    Raises
    ------
    UnreadableFileError
        Where the file is damaged or ends early, or holds colours.
    TooLargeError
        Where the values would not fit into memory.
    """
    image = _load(entry.files[0])
    shape = _shape(image)
    ctx.report(0, shape[2], f"Reading {shape[2]} slices")
    reasons: list[str] = []
    values, padding = _values(image, shape, reasons)
    stack, order, verdict = _stack(image, shape, reasons)
    ctx.report(shape[2], shape[2], f"Reading slice {shape[2]} of {shape[2]}")
    # NIfTI runs i fastest (k, j, i in memory), so the transpose is a view.
    slices: Any = np.ascontiguousarray(values.transpose(2, 1, 0)[::order])
    unit = _unit(slices, reasons, padding)
    return Volume(
        series=entry.facts,
        slices=slices,
        stack=stack,
        voxels=slices,
        grid=stack.as_grid(),
        unit=unit,
        verdict=verdict,
        reasons=tuple(reasons),
        padding=padding,
        source_files=entry.files,
    )


def _values(
    image: Any, shape: tuple[int, ...], reasons: list[str]
) -> tuple[NDArray[np.int16] | NDArray[np.float32], float | None]:
    """Return the values [i, j, k], and the value put where the file holds no number."""
    stored = image.get_data_dtype()
    if stored.kind not in "iuf":
        raise UnreadableFileError("The file holds colours or complex numbers, not measured values.")
    refuse_if_too_large(shape[2], shape[1], shape[0], max(4, stored.itemsize) + 4)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proxy = image.dataobj
            tail = (0,) * (len(image.shape) - 3)
            found = np.asarray(proxy[(..., *tail)] if tail else proxy)
    except (*PARSER_FAILURES, zlib.error) as error:
        raise UnreadableFileError("The file is damaged or ends early.", detail=repr(error)) from error
    if len(shape) == 4:
        reasons.append(f"The file holds {shape[3]} volumes; the first is shown.")
    padding = None
    if found.dtype.kind == "f":
        missing = ~np.isfinite(found)
        if missing.any():
            if missing.all():
                raise UnreadableFileError("The file holds no numbers.")
            padding = float(np.floor(found[~missing].min()) - 1000)
            found = np.where(missing, padding, found)
            reasons.append(f"{int(missing.sum())} voxels hold no number.")
    low, high = float(found.min()), float(found.max())
    if low >= -32768 and high <= 32767 and (found.dtype.kind in "iu" or bool(np.all(found == np.rint(found)))):
        return found.astype(np.int16), padding
    return found.astype(np.float32), padding


def _stack(image: Any, shape: tuple[int, ...], reasons: list[str]) -> tuple[SliceStack, int, Verdict]:
    """Return the slice stack, +1 or −1 for the order of k, and the verdict on it."""
    header = image.header
    affine = _LPS_FROM_RAS @ np.asarray(header.get_best_affine(), dtype=np.float64)
    affine[:3] *= _MM.get(int(header["xyzt_units"]) & 7, 1.0)
    verdict = Verdict.OK
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    if not placed:
        verdict = Verdict.UNTRUSTED
        reasons.append("The file does not say where it lies in the patient.")
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or float(lengths.min()) < 1e-6 or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        verdict = Verdict.UNTRUSTED
        reasons.append("The file's geometry describes no place.")
        affine, lengths = np.diag([1.0, 1.0, 1.0, 1.0]), np.ones(3)
    row, column, step = (affine[:3, axis] / lengths[axis] for axis in range(3))
    if abs(float(row @ column)) > _SKEWED:
        verdict = Verdict.UNTRUSTED
        reasons.append("The file's rows and columns are not at right angles.")
    column = column - (column @ row) * row
    column = column / np.linalg.norm(column)
    positions = affine[:3, 3] + np.arange(shape[2])[:, None] * affine[:3, 2]
    order = 1 if float(np.cross(row, column) @ step) > 0 else -1
    stack = SliceStack(
        size_ij=(shape[0], shape[1]),
        pixel_spacing_mm=(float(lengths[0]), float(lengths[1])),
        row_direction=row,
        column_direction=column,
        positions_lps_mm=positions[::order],
    )
    proven, said = judge(stack)
    reasons += said
    return stack, order, verdict if verdict is Verdict.UNTRUSTED else proven


def _unit(slices: NDArray[Any], reasons: list[str], padding: float | None) -> str:
    numbers = slices if padding is None else slices[slices != padding]
    if numbers.size and float(numbers.min()) <= _PLAUSIBLE_AIR_HU:
        reasons.append("NIfTI does not say a unit; HU is assumed because the values go as low as air in CT.")
        return "HU"
    reasons.append("NIfTI does not say a unit, and the values are not those of CT.")
    return "unknown"
