"""What independent readers make of a file, in a process of their own: they crash where the program must not."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path


_LIMIT_S = 8.0
_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_LARGEST_BYTES = 2 << 30


@frozen(eq=False)
class Frame:
    """One image by pydicom: stored values [j, i], what they are rescaled with, and where it lies; None where unsaid."""

    stored: NDArray[Any]
    slope: float | None
    intercept: float | None
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, ...] | None


@frozen(eq=False)
class Said:
    """What a reader says: images by pydicom, or values [k, j, i]; else why it reads nothing."""

    frames: tuple[Frame, ...] = ()
    values: NDArray[Any] | None = None
    why: str = ""
    high_bit_at_top: bool = True
    photometric_unknown: bool = False


def by_pydicom(path: str) -> Said:
    """Return what pydicom reads."""
    import pydicom

    ds: Any = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in getattr(ds, "file_meta", {}):
        implicit, little = ds.original_encoding
        native = pydicom.uid.ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian if implicit else native
    # Colours apart, nothing hangs on it; without it pydicom gives nothing.
    if ds.get("PhotometricInterpretation") not in _MONOCHROME and ds.get("SamplesPerPixel") == 1:
        ds.PhotometricInterpretation = "MONOCHROME2"
    stored = np.asarray(ds.pixel_array)
    if int(ds.get("SamplesPerPixel") or 1) != 1:
        return Said(why="colours")
    count = int(ds.get("NumberOfFrames") or 1)
    stored = stored.reshape(count, int(ds.Rows), int(ds.Columns))
    groups = ds.get("PerFrameFunctionalGroupsSequence") or [None] * count
    shared = (ds.get("SharedFunctionalGroupsSequence") or [None])[0]
    frames = tuple(_frame(ds, shared, group, one) for group, one in zip(groups, stored, strict=True))
    return Said(frames, high_bit_at_top=int(ds.get("HighBit", -1)) == int(ds.BitsStored) - 1)


def _frame(ds: Any, shared: Any, group: Any, stored: NDArray[Any]) -> Frame:
    def numbers(macro: str, keyword: str) -> tuple[float, ...] | None:
        found = ds.get_item(keyword) if keyword in ds else None
        for place in (shared, group):
            if place is not None and macro in place and keyword in place[macro][0]:
                found = place[macro][0].get_item(keyword)
        return _numbers(found)

    def one(keyword: str) -> float | None:
        found = numbers("PixelValueTransformationSequence", keyword)
        return found[0] if found else None

    return Frame(
        stored,
        one("RescaleSlope"),
        one("RescaleIntercept"),
        numbers("PlanePositionSequence", "ImagePositionPatient"),
        numbers("PlaneOrientationSequence", "ImageOrientationPatient"),
        numbers("PixelMeasuresSequence", "PixelSpacing"),
    )


def _numbers(element: Any) -> tuple[float, ...] | None:
    """Return a DS value as pydicom reads it, whatever representation a damaged header gives it; None for none."""
    from pydicom import config
    from pydicom.valuerep import DSfloat

    value = None if element is None else element.value
    if value is None or value == "" or value == b"":
        return None
    if isinstance(value, bytes):
        value = value.decode("latin-1").rstrip("\0 ").split("\\")
    parts = [value] if isinstance(value, (str, float, int)) else list(value)
    try:
        return tuple(float(DSfloat(part, validation_mode=config.RAISE)) for part in parts)
    except OverflowError:
        # More than the 16 characters that there may be are a number all the same.
        return tuple(float(DSfloat(part, validation_mode=config.IGNORE)) for part in parts)
    except (TypeError, ValueError):
        return None


def by_itk(path: str) -> Said:
    """Return what ITK reads: rescaled values."""
    import SimpleITK as sitk

    if path.endswith(".mha") and _packed_size_lies(path):
        # ITK gives whatever lay in memory then.
        return Said(why="says to be packed into another size")
    image = sitk.ReadImage(path)
    if image.GetNumberOfComponentsPerPixel() != 1 or image.GetDimension() > 4:
        return Said(why="several numbers for each voxel")
    values = sitk.GetArrayFromImage(image)
    known = "0028|0004" not in image.GetMetaDataKeys() or image.GetMetaData("0028|0004").strip() in _MONOCHROME
    return Said(values=values, photometric_unknown=not known)


def _packed_size_lies(path: str) -> bool:
    with open(path, "rb") as file:
        header, _, packed = file.read().partition(b"LOCAL\n")
    return b"CompressedDataSize" in header and b"CompressedDataSize = %d\n" % len(packed) not in header


def by_nibabel(path: str) -> Said:
    """Return what nibabel reads: rescaled values, the first index along the last axis."""
    import nibabel

    image: Any = nibabel.nifti1.load(path) if path.endswith((".nii", ".nii.gz")) else None
    return Said(why="no NIfTI file") if image is None else Said(values=np.asarray(image.dataobj).T)


_READERS: dict[str, Callable[[str], Said]] = {"pydicom": by_pydicom, "itk": by_itk, "nibabel": by_nibabel}


def _serve(connection: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_BYTES * 2, _LARGEST_BYTES * 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    printed = os.memfd_create("printed")
    for number in (1, 2):
        os.dup2(printed, number)
    import logging

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    while True:
        try:
            reader, path = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        os.ftruncate(printed, 0)
        os.lseek(printed, 0, os.SEEK_SET)
        try:
            answer = _READERS[reader](path)
        except Exception as error:  # noqa: BLE001 - whatever another reader raises means that it does not read it
            answer = Said(why=f"{type(error).__name__}")
        # ITK gives whatever lay in memory then.
        if b"Uncompress failed" in os.pread(printed, 1 << 16, 0):
            answer = Said(why="cannot unpack it")
        connection.send(answer)


class OtherReaders:
    """Asks other readers; starts their process anew where a file ended or hung it."""

    def __init__(self) -> None:
        self._process: Any = None
        self._connection: Connection | None = None
        self.ended = 0

    def ask(self, reader: str, path: Path | str) -> Said:
        """Return what "pydicom", "itk" or "nibabel" says of a file."""
        if self._process is None:
            self._start()
        connection = self._connection
        assert connection is not None
        try:
            connection.send((reader, str(path)))
            if connection.poll(_LIMIT_S):
                found = connection.recv()
                return found if isinstance(found, Said) else Said(why="no answer")
            why = "takes too long"
        except (EOFError, OSError):
            why = "its process ended"
        self.ended += 1
        self.close()
        return Said(why=why)

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def close(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            with contextlib.suppress(ValueError):
                self._process.kill()
                self._process.join(5)
                self._process.close()
        self._process = self._connection = None
