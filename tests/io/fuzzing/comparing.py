"""Images that are shown, held against what independent readers find in the same bytes.

Differences that are none, each for a reason:

* Stored bits do not end at the highest of the header: pydicom leaves High Bit out (it is in PS3.5 8.1.1).
* The rescale is none that an image can have (absent, no number, 0, beyond 1e9): the values are shown as stored, and
  the unit is unknown.
* The values are said to have no unit and are shown as stored: the rescale lies behind the pixels or is out of order.
* Padding of a slice that has another value than that of the volume gets the volume's.
* The program says in its reasons what it had to decide (bits or sign of a code stream against its header, a table
  that it does not apply).
* A damaged code stream without a checksum is another one: decoders that take it for sound need not agree.
* ITK turns the scale around where the photometric interpretation is none, takes other bits where High Bit is odd, and
  does not exchange bytes of big endian pixels whose form it does not know.
* Decoders of lossy streams round differently, by 2 at most.
* Readers do not agree with each other: what one other reader finds too is no invention.
"""

from __future__ import annotations

import gzip
import re
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.io.fuzzing.seeds import BIG, LOSSY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.io.fuzzing.other_readers import Frame as TheirFrame
    from tests.io.fuzzing.other_readers import OtherReaders
    from viewer.domain.volume import Volume
    from viewer.io.slice_header import Frame

_DECIDED = re.compile("The compressed pixels (have|hold)|The values need a table")
_SAME_MM = 1e-3
_SAME_DIRECTION = 2e-2


def compared_images(
    file: Path,
    volume: Volume,
    there: Sequence[int],
    frames: Sequence[Frame],
    readers: OtherReaders,
    *,
    sound_streams: bool,
) -> tuple[list[str], str]:
    """Return what is wrong with the slices `there` of a volume, which are images of a file, and who was asked.

    `sound_streams` tells that compressed pixels are still those of the seed.
    """
    decided = any(_DECIDED.match(reason) for reason in volume.reasons)
    numbers = [volume.source_frames[k] - 1 if volume.source_frames else 0 for k in there]
    own = {f.index: f for f in frames}
    said = readers.ask("pydicom", file)
    if said.frames:
        theirs = [said.frames[n] if n < len(said.frames) else None for n in numbers]
        if all(
            t is not None and any(_equal(volume, k, own[n], values) for values in _acceptable(volume, t))
            for k, n, t in zip(there, numbers, theirs, strict=True)
        ):
            placed = zip(there, theirs, strict=True)
            return [f for k, t in placed if t is not None for f in _misplaced(volume, k, t)], "as pydicom"
    if decided:
        return [], "decided"
    other = readers.ask("itk", file)
    if other.values is not None:
        planes = other.values.reshape(-1, *other.values.shape[-2:])
        if len(planes) > max(numbers) and all(
            _equal(volume, k, own[n], planes[n]) or _rescaled_otherwise(volume.slices[k], planes[n])
            for k, n in zip(there, numbers, strict=True)
        ):
            return [], "as ITK"
    if said.frames and said.high_bit_at_top:
        return [f"other values than pydicom's: {_difference(volume, there[0], said.frames[numbers[0]])}"], "differs"
    if said.frames:
        return [], "high bit"
    if volume.unit == "unknown":
        return [], "not rescaled"
    if not sound_streams and not frames[0].code.native:
        return [], "damaged stream"
    code = frames[0].code
    guesses = other.photometric_unknown or code.high_bit != code.bits_stored - 1 or code.transfer_syntax == BIG
    guesses |= other.values is not None and other.values.shape[-2:] != volume.slices.shape[1:]
    if other.values is not None and guesses:
        return [], "ITK guesses"
    if other.values is not None:
        return [f"other values than ITK's {other.values.shape} (pydicom: {said.why})"], "differs"
    return [], "read by no other"


def _rescaled(volume: Volume, frame: TheirFrame) -> NDArray[Any]:
    slope, intercept = frame.slope, frame.intercept
    if slope is None or intercept is None:
        return frame.stored
    usable = np.isfinite(slope) and np.isfinite(intercept) and 1e-9 < abs(slope) < 1e9 and abs(intercept) <= 1e9
    if not usable and volume.unit != "HU":
        return frame.stored
    return np.asarray(frame.stored.astype(np.float64) * slope + intercept)


def _rescaled_otherwise(mine: NDArray[Any], theirs: NDArray[Any]) -> bool:
    """Return True where the pixels are the same but for the intercept.

    ITK does not rescale an image whose kind it does not find, and takes rescales from elements of other meaning.
    """
    if mine.shape != theirs.shape:
        return False
    apart = theirs.astype(np.float64) - mine
    return bool(np.ptp(apart) < 1e-3)


def _acceptable(volume: Volume, frame: TheirFrame) -> list[NDArray[Any]]:
    """Return what may be shown: rescaled values, or stored ones that are said to have no unit."""
    return [_rescaled(volume, frame), *([frame.stored] if volume.unit == "unknown" else [])]


def _equal(volume: Volume, k: int, frame: Frame, theirs: NDArray[Any]) -> bool:
    mine = volume.slices[k]
    if mine.shape != theirs.shape:
        return False
    with np.errstate(all="ignore"):
        same = mine == theirs.astype(np.float64).astype(mine.dtype)
        exact = mine.dtype == np.int16
        apart = np.abs(theirs.astype(np.float64) - mine)
        same &= apart < (0.5 if exact else np.maximum(1e-5 * np.abs(mine), 1e-3))
        if frame.code.transfer_syntax in LOSSY:
            same = (apart <= 2 * max(abs(frame.slope), 1e-3)) | _beyond_ends(frame, mine, theirs)
    if frame.padding is not None and volume.padding is not None:
        same |= mine == volume.padding
    return bool(same.all())


def _beyond_ends(frame: Frame, mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a lossy stream ran beyond its range, and the end of the range is shown in place of that."""
    low = -(1 << (frame.code.bits_stored - 1)) if frame.code.signed else 0
    ends = np.array((low, low + (1 << frame.code.bits_stored) - 1)) * frame.slope + frame.intercept
    found: NDArray[np.bool_] = np.isclose(mine, np.clip(theirs, ends.min(), ends.max()), atol=0.5)
    return found


def _misplaced(volume: Volume, k: int, theirs: TheirFrame) -> list[str]:
    stack = volume.stack
    if not volume.placed or theirs.position is None or theirs.orientation is None or theirs.spacing is None:
        return []
    faults = []
    if len(theirs.position) != 3 or np.abs(np.subtract(stack.positions_lps_mm[k], theirs.position)).max() > _SAME_MM:
        faults.append(f"lies at {stack.positions_lps_mm[k]}, pydicom says {theirs.position}")
    directions = [*stack.row_direction, *stack.column_direction]
    if len(theirs.orientation) != 6 or np.abs(np.subtract(directions, theirs.orientation)).max() > _SAME_DIRECTION:
        faults.append(f"is turned as {directions}, pydicom says {theirs.orientation}")
    spacing = stack.pixel_spacing_mm[::-1]
    if len(theirs.spacing) != 2 or np.abs(np.subtract(spacing, theirs.spacing)).max() > _SAME_MM * max(spacing):
        faults.append(f"has pixels of {spacing} mm, pydicom says {theirs.spacing}")
    return faults


def _difference(volume: Volume, k: int, theirs: TheirFrame) -> str:
    mine, other = volume.slices[k], _rescaled(volume, theirs)
    if mine.shape != other.shape:
        return f"{mine.shape} and {other.shape}"
    apart = np.abs(mine.astype(np.float64) - other)
    return f"{np.count_nonzero(apart)} of {apart.size}, up to {apart.max():g}, slope {theirs.slope}, unit {volume.unit}"


def compared_volume(file: Path, volume: Volume, readers: OtherReaders) -> tuple[list[str], str]:
    """Return what is wrong with a volume of a file of its own, and who was asked."""
    found = {reader: readers.ask(reader, file).values for reader in ("itk", "nibabel")}
    theirs = {reader: values for reader, values in found.items() if values is not None}
    for reader, values in theirs.items():
        if _same_voxels(volume, values):
            return [], "as ITK" if reader == "itk" else f"as {reader}"
    if not theirs:
        return [], "read by no other"
    if len(theirs) == 2 and not _alike(*theirs.values()):
        return [], "others disagree"
    if "itk" in theirs and _itk_guesses(file):
        return [], "ITK guesses"
    reader, values = next(iter(theirs.items()))
    return [f"other values than those that {reader} reads, {values.shape} for {volume.slices.shape}"], "differs"


def _itk_guesses(file: Path) -> bool:
    """Return True where ITK begins to read voxels elsewhere than the format says.

    It begins inside the header of a NIfTI file that gives no beginning, and knows no lines that end with a return.
    """
    start = (gzip.open if file.suffix == ".gz" else open)(file, "rb")
    with start as opened:
        head = opened.read(2000)
    return struct.unpack_from("<f", head, 108)[0] < 352 if ".nii" in file.suffixes else b"\r" in head.split(b"\n\n")[0]


def _same_voxels(volume: Volume, theirs: NDArray[Any]) -> bool:
    mine = volume.slices
    planes = theirs.reshape(-1, *theirs.shape[-2:])[: volume.stack.count]
    if planes.shape != mine.shape:
        return False
    # The slices may lie in the other direction, and ITK makes 0 of what is no number.
    return any(_alike(one, planes, one == volume.padding) for one in (mine, mine[::-1]))


def _alike(one: NDArray[Any], other: NDArray[Any], apart: NDArray[np.bool_] | None = None) -> bool:
    if one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        cast = other.astype(np.float64).astype(one.dtype)
        same = (one == cast) | ~np.isfinite(other.astype(np.float64)) | ~np.isfinite(cast)
        same |= np.isclose(one, cast, rtol=1e-5, atol=1e-3)
    return bool((same if apart is None else same | apart).all())
