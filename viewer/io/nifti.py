"""The header of a NIfTI-1 or NIfTI-2 file, packed with gzip or not: turned from RAS to LPS at the door.

One file (.nii, .nii.gz), or a header (.hdr) beside its voxels (.img).
"""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from viewer.domain.errors import UnreadableFileError
from viewer.io.beside_header import open_named
from viewer.io.pydicom_headers import PARSER_FAILURES
from viewer.io.series_entry import NO_IMAGE
from viewer.io.stored_volume import (
    COLOURS,
    LPS_FROM_RAS,
    NEGATIVE_SIZE,
    NO_PLACE,
    TWO_SIZES,
    UNKNOWN_UNIT,
    StoredVolume,
    refuse_colours,
    refuse_sizes,
    total_bytes,
)
from viewer.io.voxel_readers import Encoding
from viewer.io.voxel_stream import Piece, StoredBytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.io.beside_header import Opener

_NAME = "NIfTI"
_LONGEST_HEADER = 540
_SINGLE = (b"n+1", b"n+2")
_PAIRED = (b"ni1", b"ni2")
_PAIR_ENDING = ".hdr"
_PACKED_START = 1 << 16
# Of a file that names no unit, millimetres are what every program takes.
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_OF_LENGTH = 7
_SAME_PLACE_MM = 1.0
_SAME_SIZE = 1e-2
_TWO_SPACES = "The file says where it lies in two spaces, and they differ; the one it was aligned to (sform) is used."
_NOT_SCALED = "The file names a shift for its values but no scale; its format applies neither then, some programs do."
_TWO_SIDES = "The file says which way its slices are stacked with a number that programs read in two ways."
_NO_START = "The file does not say where its voxels begin; they are read from behind its header."
_EXPORT_ANEW = "Export it anew, with a scale of 1 and a shift of 0."
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
            start = _unpacked(start)
        header, side_and_sizes = _header(start, paired=name.lower().endswith(_PAIR_ENDING))
        return _described(name, header, side_and_sizes, packed=packed)
    except _FAULTS as error:
        raise UnreadableFileError("Not a NIfTI file, or its header is damaged.", detail=repr(error)) from error


def _unpacked(start: bytes) -> bytes:
    """Return the first bytes of a file that is packed, in one part or in several one after another."""
    found = b""
    while start.startswith(b"\x1f\x8b") and len(found) < _LONGEST_HEADER:
        part = zlib.decompressobj(16 + zlib.MAX_WBITS)
        found += part.decompress(start, _LONGEST_HEADER - len(found))
        start = part.unused_data
    return found


def _header(start: bytes, *, paired: bool) -> tuple[Any, NDArray[np.float64]]:
    """Return the header as nibabel mends it, and `pixdim` as the file gives it: a side, and the sizes of a voxel."""
    said = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")}
    kinds: dict[int, Any] = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
    for size, kind in kinds.items():
        if size in said:
            header = kind(start[:size], check=False)
            if paired and header["magic"].item() not in _SINGLE + _PAIRED:
                raise UnreadableFileError(
                    "An Analyze 7.5 file, which does not say where the patient's left and right are.",
                    "Convert it to NIfTI with a program that knows how it was made.",
                )
            # A copy: what is mended below would be mended here too.
            as_given = np.array(header["pixdim"][:4], dtype=np.float64)
            header.check_fix(_SILENT)
            return header, as_given
    if paired:
        # Other programs' headers have that ending too.
        raise UnreadableFileError(NO_IMAGE)
    raise ValueError("neither NIfTI-1 nor NIfTI-2")


def _described(name: str, header: Any, side_and_sizes: NDArray[np.float64], *, packed: bool) -> StoredVolume:
    axes, part_axis, part_word = _axes(header)
    dtype = header.get_data_dtype()
    if dtype.kind == "V":
        raise UnreadableFileError(COLOURS)
    if dtype.kind not in "iuf":
        raise UnreadableFileError("The file holds complex numbers, not measured values.")
    if part_axis is not None and part_word == "channel":
        refuse_colours(axes[part_axis], dtype)
    if _scales(header) and not np.isfinite(header["scl_inter"]):
        raise UnreadableFileError(
            "The file gives a shift for its values that is no number, so they are not known.", _EXPORT_ANEW
        )
    slope, intercept = header.get_slope_inter()
    matrix, doubts, notes = _place(header, side_and_sizes[1:])
    if _two_sides(header, float(side_and_sizes[0])):
        doubts = (*doubts, _TWO_SIDES)
    if int(header["xyzt_units"]) & _UNIT_OF_LENGTH not in _MM:
        doubts = (*doubts, UNKNOWN_UNIT)
    if header["magic"].item() in _SINGLE and not int(header.get_data_offset()):
        doubts = (_NO_START, *doubts)
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
            (_voxels(name, header),),
            total_bytes(axes, dtype),
            Encoding.DEFLATED if packed else Encoding.RAW,
            dtype,
        ),
        lps_from_ijk=matrix,
        doubts=doubts,
        notes=(*notes, _NOT_SCALED) if _shifts_alone(header) else notes,
        never_hu="" if part_word == "volume" else "The file holds several channels, which are no HU.",
    )


def _shifts_alone(header: Any) -> bool:
    """Return True for a scl_inter beside a scl_slope of 0 or of no number, with which nothing is scaled (nifti1.h)."""
    shift = float(header["scl_inter"])
    return not _scales(header) and bool(np.isfinite(shift)) and shift != 0


def _scales(header: Any) -> bool:
    slope = float(header["scl_slope"])
    return bool(np.isfinite(slope)) and slope != 0


def _voxels(name: str, header: Any) -> Piece:
    """Return the file that holds the voxels, and where in it they begin."""
    magic, skip = header["magic"].item(), int(header.get_data_offset())
    if magic in _SINGLE:
        return Piece(name, skip=skip or header.single_vox_offset)
    if not name.lower().endswith(_PAIR_ENDING):
        raise ValueError("the voxels are in another file")
    return Piece(name[: -len(_PAIR_ENDING)] + (".IMG" if name.endswith(".HDR") else ".img"), skip=skip)


def _axes(header: Any) -> tuple[tuple[int, ...], int | None, str]:
    """Return sizes without those of 1 beyond the third, where the parts are, and what they are."""
    # Axes beyond the third that are said to have no length have one, as the format's own library reads them.
    shape = tuple(int(n) if axis < 3 else max(1, int(n)) for axis, n in enumerate(header.get_data_shape()))
    more = [(axis, n) for axis, n in enumerate(shape) if axis >= 3 and n != 1]
    if len(more) > 1:
        refuse_sizes(_NAME, shape)
    parts = more[0][1] if more else 1
    refuse_sizes(_NAME, shape[:3], parts)
    if not more:
        return shape[:3], None, "volume"
    # The fourth is time; what lies beyond it is several numbers for each voxel (nifti1.h, "dim").
    return (*shape[:3], parts), 3, "volume" if more[0][0] == 3 else "channel"


def _place(header: Any, sizes: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Return the matrix from ijk to LPS in mm, why it cannot be trusted, and what else is to be said of it."""
    to_mm = np.diag([*[_MM.get(int(header["xyzt_units"]) & _UNIT_OF_LENGTH, 1.0)] * 3, 1.0])
    aligned, scanned = int(header["sform_code"]), int(header["qform_code"])
    try:
        own = np.asarray(header.get_best_affine(), dtype=np.float64)
        matrix = LPS_FROM_RAS @ to_mm @ own
        other = LPS_FROM_RAS @ to_mm @ np.asarray(header.get_qform(), dtype=np.float64) if scanned > 0 else matrix
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return np.full((4, 4), np.nan), (), ()
    if aligned <= 0 and scanned <= 0:
        return matrix, (NO_PLACE,), ()
    long = np.asarray(header.get_data_shape()[:3]) > 1
    sized = _doubts_of_matrix(own, sizes, long) if aligned > 0 else _doubts_of_sizes(sizes, long)
    # nibabel has made negative sizes positive, other programs have not.
    apart = scanned > 0 and (
        np.any(sizes[long] < 0) or _furthest_mm(matrix, other, header.get_data_shape()) > _SAME_PLACE_MM
    )
    if aligned <= 0 or not apart:
        return matrix, sized, ()
    if aligned == scanned:
        return matrix, ("The file says in two ways where it lies, and they differ.", *sized), ()
    return matrix, sized, (_TWO_SPACES,)


def _two_sides(header: Any, side: float) -> bool:
    """Return True where ITK, which takes any negative number for -1, stacks slices the other way than nibabel does."""
    return int(header["qform_code"]) > 0 and side < 0 and side != -1 and int(header.get_data_shape()[2]) > 1


def _doubts_of_sizes(sizes: NDArray[np.float64], long: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return what is wrong with sizes of a voxel that nothing else in the file gives; a single slice needs none."""
    if not np.isfinite(sizes[long]).all() or np.any(sizes[long] == 0):
        return ("The file does not say how large its voxels are.",)
    if np.any(sizes[long] < 0):
        return (NEGATIVE_SIZE,)
    return ()


def _doubts_of_matrix(own: NDArray[np.float64], sizes: NDArray[np.float64], long: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return whether a matrix makes voxels of another size than the file gives; of slices also along their normal."""
    given = np.isfinite(sizes) & (sizes != 0) & long
    steps = np.linalg.norm(own[:3, :3], axis=0)
    differ = np.abs(np.abs(sizes) - steps) > _SAME_SIZE * steps
    normal = np.cross(own[:3, 0], own[:3, 1])
    along = abs(float(normal @ own[:3, 2])) / max(float(np.linalg.norm(normal)), np.finfo(float).tiny)
    differ[2] &= abs(abs(sizes[2]) - along) > _SAME_SIZE * along
    return (TWO_SIZES,) if np.any(differ & given) else ()


def _furthest_mm(one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, ...]) -> float:
    """Return how far two matrices place a corner of the volume apart."""
    ends = [(0, n - 1) for n in shape[:3]]
    corners = np.array(np.meshgrid(*ends, [1], indexing="ij"), dtype=np.float64).reshape(4, -1)
    apart = np.linalg.norm(((one - other) @ corners)[:3], axis=0).max()
    return float(apart) if np.isfinite(apart) else np.inf
