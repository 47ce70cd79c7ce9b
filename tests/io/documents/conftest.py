"""A small CT series in files, for tests that need DICOM without real data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from tests.io.documents.made import opened

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume


def write_series(
    folder: Path,
    heights_mm: list[float],
    *,
    tilt_deg: float = 0.0,
    synthetic: bool = False,
    size: tuple[int, int] = (40, 30),
) -> Path:
    """Write one CT slice of a size (columns, rows) at each height, tilted about the x axis; values rise with the row.

    `synthetic` marks them as such.
    """
    folder.mkdir(parents=True, exist_ok=True)
    turn = np.radians(tilt_deg)
    for number, height in enumerate(heights_mm):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, UID(f"1.2.826.0.1.7.{number + 1}")
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.826.0.1.5", "1.2.826.0.1.6"
        dataset.FrameOfReferenceUID = "1.2.826.0.1.8"
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.PatientName, dataset.PatientID = "Müller^Änne", "P-4711"
        dataset.PatientBirthDate, dataset.PatientSex = "19500101", "F"
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20260102", "120000", "S1"
        dataset.AccessionNumber, dataset.ReferringPhysicianName = "A1", "House^Greg"
        dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 3, number + 1
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.Columns, dataset.Rows = size
        dataset.PixelSpacing, dataset.SliceThickness = [0.7, 0.9], 2
        dataset.ImageOrientationPatient = [1, 0, 0, 0, round(np.cos(turn), 6), round(np.sin(turn), 6)]
        dataset.ImagePositionPatient = [-12.5, 8.25, height]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 1
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
        if synthetic:
            dataset.add_new(0x0008001C, "CS", "YES")
        values = np.arange(size[1], dtype=np.int16)[:, None] * 50 + np.arange(size[0], dtype=np.int16)[None] + number
        dataset.PixelData = values.tobytes()
        dataset.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture(scope="session")
def tilted(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Return a CT with a tilted gantry and uneven gaps (2, 2, 5, 5, 5 mm along z)."""
    return opened(write_series(tmp_path_factory.mktemp("ct") / "tilted", [0.0, 2.0, 4.0, 9.0, 14.0, 19.0], tilt_deg=15))


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Return a CT whose files say that it is synthetic."""
    folder = write_series(tmp_path_factory.mktemp("ct") / "synthetic", [0.0, 2.0, 4.0, 6.0], synthetic=True)
    return opened(folder)


@pytest.fixture(scope="session")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """Return a CT of which a slice is missing."""
    return opened(write_series(tmp_path_factory.mktemp("ct") / "gap", [0.0, 2.0, 4.0, 8.0, 10.0]))
