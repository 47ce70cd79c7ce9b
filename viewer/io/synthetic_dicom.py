"""Synthetic CT written as real DICOM files, lossless compressed, that say in three places that they are synthetic."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, HTJ2KLossless, JPEGLSLossless

from viewer.domain.errors import StorageError
from viewer.domain.identifiers import uid_from
from viewer.io.atomic_file import write_atomically
from viewer.io.lossless_frames import decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERCEPT_HU = -1024
_PROGRAM_UID = UID(uid_from("casestage synthetic ct"))


def write_ct_series(
    folder: Path,
    voxels_hu: np.ndarray[Any, np.dtype[np.int16]],
    *,
    origin_lps_mm: tuple[float, float, float],
    spacing_mm: tuple[float, float, float],
    description: str,
    body_part: str,
    series_uid: str,
    study_uid: str,
    frame_uid: str,
    patient_name: str = "SYNTHETIC^PHANTOM",
    patient_id: str = "SYNTHETIC",
    window: tuple[float, float] = (40.0, 400.0),
    series_number: int = 1,
    kernel: str = "",
    tilt_deg: float = 0.0,
    syntax: str = "",
    progress: Callable[[float], None] | None = None,
) -> tuple[Path, ...]:
    """Return the files written, one per slice, in the order of k.

    Synthetic Data (0008,001C) is YES and the series description begins with "Synthetic". Values are stored as
    unsigned 16 bit with slope 1 and intercept −1024, compressed as HTJ2K, or as JPEG-LS where imagecodecs has no
    HTJ2K encoder; each slice is decoded again and compared before it is written. The same arguments give the same
    UIDs of images.

    Parameters
    ----------
    folder
        Where the files go: `0001.dcm` and on. It is made where it is missing.
    voxels_hu
        int16 in HU, −1024 … 31743, indexed `[k, j, i]`, axes i → L, j → P, k → H.
    origin_lps_mm, spacing_mm
        Centre of voxel (0, 0, 0), and the distances of neighbours along i, j and k (the last along the table).
    body_part
        DICOM defined term, as HEAD or CHEST.
    window
        Centre and width in HU for the first look.
    tilt_deg
        Gantry tilt: every slice is turned about the patient's left–right axis through its first row's centre, while
        their positions stay on a line along the table.
    syntax
        Transfer syntax, explicit VR little endian or one of `viewer.io.lossless_frames.COMPRESSIONS`; by default as
        said above.

    Raises
    ------
    StorageError
        When the folder cannot be written, or the encoder does not give back what it was given.
    """
    if voxels_hu.ndim != 3 or voxels_hu.size == 0:
        raise ValueError("A series needs voxels indexed [k, j, i].")
    if int(voxels_hu.min()) < INTERCEPT_HU:
        raise ValueError(f"Values below {INTERCEPT_HU} HU cannot be stored.")
    tilt = np.deg2rad(tilt_deg)
    orientation = [1.0, 0.0, 0.0, 0.0, float(np.cos(tilt)), float(np.sin(tilt))]
    syntax = syntax or (HTJ2KLossless if imagecodecs.HTJ2K.available else JPEGLSLossless)
    compressed = syntax != ExplicitVRLittleEndian
    written = []
    for k, plane in enumerate(voxels_hu):
        stored = (plane.astype(np.int32) - INTERCEPT_HU).astype(np.uint16)
        image = _common(stored, spacing_mm, body_part, window, kernel)
        image.SOPInstanceUID = UID(uid_from(f"{series_uid} image {k}"))
        image.StudyInstanceUID = UID(study_uid)
        image.SeriesInstanceUID = UID(series_uid)
        image.FrameOfReferenceUID = UID(frame_uid)
        image.PatientName, image.PatientID = patient_name, patient_id
        said = description if description.startswith("Synthetic") else f"Synthetic: {description}"
        image.SeriesDescription = said[:64]
        image.SeriesNumber, image.InstanceNumber = series_number, k + 1
        height = origin_lps_mm[2] + k * spacing_mm[2]
        image.ImagePositionPatient = [_decimal(origin_lps_mm[0]), _decimal(origin_lps_mm[1]), _decimal(height)]
        image.ImageOrientationPatient = [_decimal(v) for v in orientation]
        image.SliceLocation = _decimal(height)
        image.GantryDetectorTilt = _decimal(tilt_deg)
        image.file_meta = FileMetaDataset()
        image.file_meta.MediaStorageSOPClassUID = CTImageStorage
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.file_meta.TransferSyntaxUID = UID(syntax)
        image.file_meta.ImplementationClassUID = _PROGRAM_UID
        image.PixelData = encapsulate([_proven(stored, syntax)]) if compressed else stored.astype("<u2").tobytes()
        image["PixelData"].VR = "OB" if compressed else "OW"
        path = folder / f"{k + 1:04d}.dcm"
        buffer = BytesIO()
        image.save_as(buffer, enforce_file_format=True)
        write_atomically(path, buffer.getvalue(), "The synthetic series")
        written.append(path)
        if progress is not None:
            progress((k + 1) / len(voxels_hu))
    return tuple(written)


def _common(
    stored: np.ndarray[Any, np.dtype[np.uint16]],
    spacing_mm: tuple[float, float, float],
    body_part: str,
    window: tuple[float, float],
    kernel: str,
) -> FileDataset:
    """Return an image with all that does not depend on its place (PS3.3 A.3, CT Image)."""
    image = FileDataset("", Dataset(), preamble=b"\0" * 128)
    image.SpecificCharacterSet = "ISO_IR 192"
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SyntheticData = "YES"
    image.SOPClassUID = CTImageStorage
    image.Modality = "CT"
    image.Manufacturer = "CaseStage"
    image.ManufacturerModelName = "Phantom"
    image.StudyDescription = "Synthetic CT, not for diagnostic use"
    for empty in (
        "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate",
        "PatientSex", "PositionReferenceIndicator", "AcquisitionNumber", "KVP",
    ):  # fmt: skip
        setattr(image, empty, None)
    image.BodyPartExamined = body_part
    image.PatientPosition = "HFS"
    image.SliceThickness = _decimal(spacing_mm[2])
    image.PixelSpacing = [_decimal(spacing_mm[1]), _decimal(spacing_mm[0])]
    if kernel:
        image.ConvolutionKernel = kernel
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = stored.shape
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = INTERCEPT_HU, 1, "HU"
    image.WindowCenter, image.WindowWidth = _decimal(window[0]), _decimal(window[1])
    return image


def _decimal(value: float) -> str:
    """Return a number as DS: at most 16 characters (PS3.5 6.2)."""
    for digits in range(10, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value} does not fit into a decimal string.")


def _proven(stored: np.ndarray[Any, np.dtype[np.uint16]], syntax: str) -> bytes:
    """Return the code stream of a slice, proven to decode to the same pixels."""
    code = encoded(stored, syntax)
    if not np.array_equal(decoded(code, syntax).reshape(stored.shape), stored):
        raise StorageError(
            "The synthetic series could not be compressed without loss.", "Reinstall imagecodecs, then try again."
        )
    return code


__all__ = ["INTERCEPT_HU", "write_ct_series"]
