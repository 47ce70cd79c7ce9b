"""The header of a NIfTI-1 or NIfTI-2 file, packed with gzip or not: turned from RAS to LPS at the door."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from viewer.domain.errors import UnreadableFileError
from viewer.io.beside_header import open_named
from viewer.io.pydicom_headers import PARSER_FAILURES
from viewer.io.stored_volume import (
    COLOURS,
    LPS_FROM_RAS,
    NO_PLACE,
    StoredVolume,
    refuse_colours,
    refuse_sizes,
    total_bytes,
)
from viewer.io.voxel_stream import Encoding, Piece, StoredBytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.io.beside_header import Opener

_NAME = "NIfTI"
_LONGEST_HEADER = 540
_SINGLE = (b"n+1", b"n+2")
_PACKED_START = 1 << 16
_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
_SAME_PLACE_MM = 1.0
# nibabel would print what is wrong with a header, in the header's own words.
_SILENT = logging.Logger("silent")
_SILENT.addHandler(logging.NullHandler())
_FAULTS = (
    *PARSER_FAILURES,
    nibabel.filebasedimages.ImageFileError,
    nibabel.spatialimages.HeaderDataError,
    nibabel.wrapstruct.WrapStructError,
)


def describe(name: str, opener: Opener) -> StoredVolume:
    """Return what the header of a NIfTI file says.

    Raises
    ------
    UnreadableFileError
        Where it is no NIfTI file, is damaged, or holds no volume of measured values.
    TooLargeError
        Where it says that it is larger than any volume.
    """
    try:
        with open_named(opener, name) as file:
            start = file.read(_PACKED_START)
        packed = start.startswith(b"\x1f\x8b")
        if packed:
            start = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(start, _LONGEST_HEADER)
        return _described(name, _header(start), packed=packed)
    except _FAULTS as error:
        raise UnreadableFileError("Not a NIfTI file, or its header is damaged.", detail=repr(error)) from error


def _header(start: bytes) -> Any:
    said = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")}
    kinds: dict[int, Any] = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
    for size, kind in kinds.items():
        if size in said:
            header = kind(start[:size], check=False)
            header.check_fix(_SILENT)
            return header
    raise ValueError("neither NIfTI-1 nor NIfTI-2")


def _described(name: str, header: Any, *, packed: bool) -> StoredVolume:
    if header["magic"].item() not in _SINGLE:
        raise ValueError("the voxels are in another file")
    axes, part_axis, part_word = _axes(header)
    dtype = header.get_data_dtype()
    if dtype.kind == "V":
        raise UnreadableFileError(COLOURS)
    if dtype.kind not in "iuf":
        raise UnreadableFileError("The file holds complex numbers, not measured values.")
    if part_axis is not None and part_word == "channel":
        refuse_colours(axes[part_axis], dtype)
    slope, intercept = header.get_slope_inter()
    matrix, doubts = _place(header)
    return StoredVolume(
        format_name=_NAME,
        kind="nifti",
        axes=axes,
        part_axis=part_axis,
        part_word=part_word,
        dtype=dtype,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        stored=StoredBytes(
            (Piece(name, skip=int(header.get_data_offset()) or header.single_vox_offset),),
            total_bytes(axes, dtype),
            Encoding.DEFLATED if packed else Encoding.RAW,
            dtype,
        ),
        lps_from_ijk=matrix,
        doubts=doubts,
        never_hu="" if part_word == "volume" else "The file holds several channels, which are no HU.",
    )


def _axes(header: Any) -> tuple[tuple[int, ...], int | None, str]:
    """Return sizes without those of 1 beyond the third, where the parts are, and what they are."""
    shape = tuple(int(n) for n in header.get_data_shape())
    more = [(axis, n) for axis, n in enumerate(shape) if axis >= 3 and n != 1]
    if len(more) > 1:
        refuse_sizes(_NAME, shape)
    parts = more[0][1] if more else 1
    refuse_sizes(_NAME, shape[:3], parts)
    if not more:
        return shape[:3], None, "volume"
    # The fourth is time; what lies beyond it is several numbers for each voxel (nifti1.h, "dim").
    return (*shape[:3], parts), 3, "volume" if more[0][0] == 3 else "channel"


def _place(header: Any) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the matrix from ijk to LPS in mm, and why it cannot be trusted."""
    to_mm = np.diag([*[_MM.get(int(header["xyzt_units"]) & 7, 1.0)] * 3, 1.0])
    aligned, scanned = int(header["sform_code"]), int(header["qform_code"])
    try:
        matrix = LPS_FROM_RAS @ to_mm @ np.asarray(header.get_best_affine(), dtype=np.float64)
        other = LPS_FROM_RAS @ to_mm @ np.asarray(header.get_qform(), dtype=np.float64) if scanned > 0 else matrix
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return np.full((4, 4), np.nan), ()
    if aligned <= 0 and scanned <= 0:
        return matrix, (NO_PLACE,)
    if aligned == scanned and _furthest_mm(matrix, other, header.get_data_shape()) > _SAME_PLACE_MM:
        return matrix, ("The file says in two ways where it lies, and they differ.",)
    return matrix, ()


def _furthest_mm(one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, ...]) -> float:
    """Return how far two matrices place a corner of the volume apart."""
    ends = [(0, n - 1) for n in shape[:3]]
    corners = np.array(np.meshgrid(*ends, [1], indexing="ij"), dtype=np.float64).reshape(4, -1)
    apart = np.linalg.norm(((one - other) @ corners)[:3], axis=0).max()
    return float(apart) if np.isfinite(apart) else np.inf
