"""CT made by the page: small DICOM series whose every value and place is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Sequence_

from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.journal import Journal
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_ROOT = "1.2.826.0.1.3680043.10.999.7"
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")


def rle(words: NDArray[Any]) -> bytes:
    from pydicom.pixels.encoders import RLELosslessEncoder

    kind = {"number_of_frames": 1, "samples_per_pixel": 1, "photometric_interpretation": "MONOCHROME2"}
    return next(
        RLELosslessEncoder.iter_encode(
            words,
            rows=words.shape[0],
            columns=words.shape[1],
            bits_allocated=16,
            bits_stored=16,
            pixel_representation=0,
            encoding_plugin="pydicom",
            **kind,
        )
    )


ENCODERS: dict[str, Any] = {
    "1.2.840.10008.1.2.5": rle,
    "1.2.840.10008.1.2.4.50": lambda a: imagecodecs.jpeg8_encode(a, level=98),
    "1.2.840.10008.1.2.4.51": lambda a: imagecodecs.jpeg8_encode(a, level=98, bitspersample=12),
    "1.2.840.10008.1.2.4.57": lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=6, bitspersample=16),
    "1.2.840.10008.1.2.4.70": lambda a: imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=16),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.81": lambda a: imagecodecs.jpegls_encode(a, level=2),
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0, reversible=True),
    "1.2.840.10008.1.2.4.91": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0, reversible=False),
    "1.2.840.10008.1.2.4.201": lambda a: imagecodecs.htj2k_encode(a),
    "1.2.840.10008.1.2.4.202": lambda a: imagecodecs.htj2k_encode(a, tlm=True),
    "1.2.840.10008.1.2.4.203": lambda a: imagecodecs.htj2k_encode(a, reversible=False, level=0.0001),
}


TELL_SIGN = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203))


class MadeCt:
    """Writes DICOM slices; keyword arguments set elements by keyword, None leaves one out, a DataElement is taken."""

    axial = AXIAL
    encoders = ENCODERS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0

    def slice(
        self,
        name: str,
        stored: NDArray[Any],
        position: Sequence[float] | None = (0.0, 0.0, 0.0),
        *,
        syntax: str = "1.2.840.10008.1.2.1",
        series: str = "1",
        preamble: bool = True,
        stream: bytes | None = None,
        **elements: Any,
    ) -> Path:
        """Write one image and return its path; `stream` takes the place of the encoded pixels."""
        self.written += 1
        ds = Dataset()
        said: dict[str, Any] = {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "SOPInstanceUID": f"{_ROOT}.{series}.{self.written}",
            "StudyInstanceUID": f"{_ROOT}.100",
            "SeriesInstanceUID": f"{_ROOT}.{series}",
            "FrameOfReferenceUID": f"{_ROOT}.200",
            "Modality": "CT",
            "PatientName": "Nobody^Made",
            "PatientID": "M1",
            "SeriesDescription": f"Made {series}",
            "SeriesNumber": "2",
            "InstanceNumber": str(self.written),
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "ImageOrientationPatient": list(AXIAL),
            "PixelSpacing": [0.8, 0.7],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": stored.shape[-2],
            "Columns": stored.shape[-1],
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 1 if stored.dtype.kind == "i" else 0,
            "RescaleIntercept": "-1024",
            "RescaleSlope": "1",
        }
        if position is not None:
            said["ImagePositionPatient"] = [f"{v:.10g}"[:16] for v in position]
        for keyword, value in {**said, **elements}.items():
            if isinstance(value, pydicom.DataElement):
                ds.add(value)
            elif value is not None:
                setattr(ds, keyword, value)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        meta.MediaStorageSOPClassUID = ds.SOPClassUID
        meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        if stream is None and syntax in NATIVE:
            big = syntax == "1.2.840.10008.1.2.2"
            ds.PixelData = stored.astype(stored.dtype.newbyteorder(">" if big else "<")).tobytes()
            ds["PixelData"].VR = "OW"
        else:
            # The code streams that tell a sign tell that of the header; the others know none.
            words = stored if syntax in TELL_SIGN else stored.view(np.uint16)
            frame = stream if stream is not None else ENCODERS[syntax](words)
            ds.PixelData = encapsulate([frame])
            ds["PixelData"].is_undefined_length = True
            ds["PixelData"].VR = "OB"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not preamble:
            pydicom.dcmwrite(path, ds, implicit_vr=True, little_endian=True)
            return path
        ds.file_meta = meta
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return path

    def frames(
        self,
        name: str,
        stored: Sequence[NDArray[Any]],
        groups: Sequence[dict[str, dict[str, Any]]],
        shared: dict[str, dict[str, Any]] | None = None,
        **elements: Any,
    ) -> Path:
        """Write an enhanced multi-frame CT: for each frame its macros by sequence keyword, each as its elements."""

        def group(macros: dict[str, dict[str, Any]]) -> Dataset:
            ds = Dataset()
            for keyword, values in macros.items():
                item = Dataset()
                for element, value in values.items():
                    setattr(item, element, value)
                setattr(ds, keyword, Sequence_([item]))
            return ds

        common = {
            "PlaneOrientationSequence": {"ImageOrientationPatient": list(AXIAL)},
            "PixelMeasuresSequence": {"PixelSpacing": [0.8, 0.7], "SliceThickness": "2"},
            "PixelValueTransformationSequence": {
                "RescaleIntercept": "-1024",
                "RescaleSlope": "1",
                "RescaleType": "HU",
            },
        }
        said: dict[str, Any] = {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1",
            "NumberOfFrames": str(len(stored)),
            "ImageOrientationPatient": None,
            "PixelSpacing": None,
            "RescaleIntercept": None,
            "RescaleSlope": None,
            "SharedFunctionalGroupsSequence": Sequence_([group({**common, **(shared or {})})]),
            "PerFrameFunctionalGroupsSequence": Sequence_([group(macros) for macros in groups]),
        }
        return self.slice(name, np.stack(stored), None, **{**said, **elements})

    def pixels(self, k: int = 0, rows: int = 24, columns: int = 32) -> NDArray[np.int16]:
        """Return stored values that are different in every slice: a ramp, and air in the corner."""
        j, i = np.mgrid[0:rows, 0:columns]
        values = (1024 + 3 * i + 40 * j + 7 * k).astype(np.int16)
        values[:2, :2] = 24
        return values

    def stack(
        self, positions: Sequence[Sequence[float]], *, prefix: str = "", **elements: Any
    ) -> list[NDArray[np.int16]]:
        """Write one slice per position, files named against their order, and return the stored values in order."""
        made = [self.pixels(k) for k in range(len(positions))]
        for k in reversed(range(len(positions))):
            name = f"{prefix}IM{(k * 7) % len(positions):03d}_{k}"
            self.slice(name, made[k], positions[k], **elements)
        return made


def opened(place: Path | MadeCt) -> Volume:
    """Return the one volume of a folder or a file, or of what was made."""
    path = place.folder if isinstance(place, MadeCt) else place
    (entry,) = scan(path, JobContext()).series
    return assemble(entry, JobContext())


@pytest.fixture
def made_ct(tmp_path: Path) -> MadeCt:
    """Return a writer of small CT series into a folder of its own."""
    folder = tmp_path / "ct"
    folder.mkdir()
    return MadeCt(folder)


COMPRESSED = (
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
)


def axial(count: int) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, 2.5 * k) for k in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "decisions.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()
