"""A made CT series with marks of known HU at known LPS points, under any orientation, tilt, spacing and file order.

Nothing of the program computes here where a mark lies: DICOM PS3.3 C.7.6.2.1.1 does, written out once in `_place`.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from attrs import define, field
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from tests.io.conftest import ENCODERS, NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


ROWS, COLUMNS = 48, 56
BETWEEN_ROWS_MM, BETWEEN_COLUMNS_MM = 0.9, 0.8
BLOB_SIGMA_MM = 4.5
AIR_HU = -1000
# Numbers of a fixed length that a header is made with, in whose places each slice's own values are put.
_WIDTH = 16
_X, _Y, _Z, _INSTANCE, _SLICE = "9999999999999901", "9999999999999902", "9999999999999903", "+00199999904", "999999905"
_UID = "1.2.826.0.1.3680043.10.999.8"

_C20, _S20, _C35, _S35 = np.cos(np.radians(20)), np.sin(np.radians(20)), np.cos(np.radians(35)), np.sin(np.radians(35))
# Directions of rows and columns in LPS.
ORIENTATIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": ((_C20, _S20, 0), (-_S20, _C20, 0)),
    "double oblique": ((_C20, _S20, 0), (-_S20 * _C35, _C20 * _C35, _S35)),
    "feet first": ((-1, 0, 0), (0, 1, 0)),
    "prone": ((-1, 0, 0), (0, -1, 0)),
    "decubitus left": ((0, 1, 0), (-1, 0, 0)),
    "decubitus right": ((0, -1, 0), (1, 0, 0)),
    "rows flipped": ((1, 0, 0), (0, -1, 0)),
    "columns flipped": ((-1, 0, 0), (0, 1, 0)),
}
ORDERS: dict[str, Callable[[int], list[tuple[int, int]]]] = {
    # Place in the order of the file names and instance number, of the slices along their normal.
    "forward": lambda n: [(k, k + 1) for k in range(n)],
    "reversed": lambda n: [(n - 1 - k, n - k) for k in range(n)],
    "shuffled": lambda n: [(int(p), int(p) + 1) for p in np.random.default_rng(n).permutation(n)],
    "numbers against names": lambda n: [(k, n - k) for k in range(n)],
    "numbers all equal": lambda n: [(int(p), 1) for p in np.random.default_rng(n + 1).permutation(n)],
}


@define(frozen=True)
class Mark:
    """A voxel of a value that no other has: where it lies in LPS mm, its HU, and its slice among those written."""

    lps: tuple[float, float, float]
    hu: int
    k: int


@define
class MarkedSeries:
    """A series to be written; `heights_mm` are along the normal, `tilt_deg` leans the stack towards its columns.

    Attributes
    ----------
    positions
        Centres of the first pixels in LPS mm, shape (n, 3).
    hu
        Its values, [k, j, i], in the order of `heights_mm`.
    marks
        Single voxels at the corners of the first and last slice, at an edge, and within.
    blob_lps
        The centre of a smooth ball, as high above air as its values sum up to.
    """

    orientation: tuple[tuple[float, ...], tuple[float, ...]]
    heights_mm: Sequence[float]
    tilt_deg: float = 0.0
    origin_lps: tuple[float, float, float] = (-31.4, 27.25, -412.7)
    hu: NDArray[np.int16] = field(init=False)
    positions: NDArray[np.float64] = field(init=False)
    marks: list[Mark] = field(init=False)
    blob_lps: NDArray[np.float64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        row, column = (np.asarray(d, dtype=float) for d in self.orientation)
        normal = np.cross(row, column)
        heights = np.asarray(self.heights_mm, dtype=float)
        self.positions = np.outer(heights, normal + np.tan(np.radians(self.tilt_deg)) * column) + self.origin_lps
        j, i = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
        places = np.stack([_place(origin, self.orientation, i, j) for origin in self.positions])
        middle = (heights[0] + heights[-1]) / 2 + 0.37
        at = [np.interp(middle, heights, self.positions[:, axis]) for axis in range(3)]
        self.blob_lps = _place(np.asarray(at), self.orientation, COLUMNS / 2 - 0.81, ROWS / 2 - 0.27)
        distance = np.linalg.norm(places - self.blob_lps, axis=-1)
        self.hu = np.rint(AIR_HU + 1600 * np.exp(-0.5 * (distance / BLOB_SIGMA_MM) ** 2)).astype(np.int16)
        last, half = len(heights) - 1, len(heights) // 2
        voxels = [(0, 0, 0), (COLUMNS - 1, 0, 0), (0, ROWS - 1, 0), (0, 0, last), (COLUMNS - 1, ROWS - 1, last)]
        voxels += [(COLUMNS - 1, ROWS // 2, half), (5, 3, half - 1), (COLUMNS // 2, ROWS // 2 + 1, half + 1)]
        self.marks = []
        for n, (i_, j_, k) in enumerate(voxels):
            self.hu[k, j_, i_] = 2000 + 10 * n
            x, y, z = (float(v) for v in places[k, j_, i_])
            self.marks.append(Mark((x, y, z), 2000 + 10 * n, k))

    def write(self, folder: Path, *, order: str = "forward", leave_out: int | None = None, **elements: Any) -> None:
        """Write the slices uncompressed, explicit little endian: a header made once, each slice's values put in."""
        folder.mkdir(parents=True, exist_ok=True)
        header = _encoded(self._header([_X, _Y, _Z], _INSTANCE, _SLICE, **elements))
        for k, (name, number) in enumerate(ORDERS[order](len(self.heights_mm))):
            if k == leave_out:
                continue
            own = header.replace(_INSTANCE.encode(), f"{number:<12}".encode())
            own = own.replace(_SLICE.encode(), f"1{k:08}".encode())
            for place, value in zip((_X, _Y, _Z), self.positions[k], strict=True):
                own = own.replace(place.encode(), _number(value).encode())
            (folder / f"IM{name:04}").write_bytes(own + (self.hu[k] + 1024).astype("<i2").tobytes())

    def write_as(self, folder: Path, syntax: str, **elements: Any) -> None:
        """Write the slices in a transfer syntax, in an order of names that says nothing."""
        folder.mkdir(parents=True, exist_ok=True)
        for k, (name, number) in enumerate(ORDERS["shuffled"](len(self.heights_mm))):
            ds = self._header([_number(v) for v in self.positions[k]], str(number), f"1{k:08}", syntax, **elements)
            encode, stored = ENCODERS.get(syntax), (self.hu[k] + 1024).astype(np.uint16)
            if syntax == "1.2.840.10008.1.2.4.50":
                # Eight bits: 0 to 255 in steps of 16 HU.
                stored = ((self.hu[k].astype(int) + 1024) // 16).clip(0, 255).astype(np.uint8)
            if encode is None:
                ds.PixelData = stored.astype(
                    stored.dtype.newbyteorder(">" if syntax.endswith("1.2.2") else "<")
                ).tobytes()
                ds["PixelData"].VR = "OW"
            else:
                ds.PixelData = encapsulate([encode(stored)])
                ds["PixelData"].is_undefined_length = True
                ds["PixelData"].VR = "OB"
            pydicom.dcmwrite(folder / f"IM{name:04}", ds, enforce_file_format=True)

    def _header(self, position: list[str], number: str, uid: str, syntax: str = NATIVE[1], **elements: Any) -> Dataset:
        ds = Dataset()
        bits = 8 if syntax.endswith(".4.50") else 12 if syntax.endswith((".4.51", ".4.81")) else 16
        said: dict[str, Any] = {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "SOPInstanceUID": f"{_UID}.{uid}",
            "StudyInstanceUID": f"{_UID}.2",
            "SeriesInstanceUID": f"{_UID}.3",
            "FrameOfReferenceUID": f"{_UID}.4",
            "Modality": "CT",
            "PatientName": "Nobody^Made",
            "PatientID": "M2",
            "SeriesNumber": "1",
            "InstanceNumber": number,
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "ImagePositionPatient": position,
            "ImageOrientationPatient": [_number(v) for direction in self.orientation for v in direction],
            "PixelSpacing": [BETWEEN_ROWS_MM, BETWEEN_COLUMNS_MM],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": ROWS,
            "Columns": COLUMNS,
            "BitsAllocated": 8 if bits == 8 else 16,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": 0 if bits < 16 or syntax != NATIVE[1] else 1,
            "RescaleIntercept": "-1024",
            "RescaleSlope": "16" if bits == 8 else "1",
            **elements,
        }
        for keyword, value in said.items():
            setattr(ds, keyword, value)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        return ds


def _place(origin: NDArray[np.float64], orientation: Any, i: Any, j: Any) -> NDArray[np.float64]:
    """Return the centre of a pixel: position + column × spacing of columns along the row, + the same for rows."""
    row, column = (np.asarray(d, dtype=float) for d in orientation)
    across = np.asarray(i)[..., None] * BETWEEN_COLUMNS_MM * row + np.asarray(j)[..., None] * BETWEEN_ROWS_MM * column
    return np.asarray(origin + across)


def _number(value: float) -> str:
    return f"{f'{value:.10f}'[:_WIDTH]:<{_WIDTH}}"


def _encoded(ds: Dataset) -> bytes:
    """Return a file up to the pixels."""
    ds.PixelData = b""
    stream = BytesIO()
    pydicom.dcmwrite(stream, ds, enforce_file_format=True)
    head = stream.getvalue()
    assert head.endswith(b"OW\0\0\0\0\0\0")
    return head[:-4] + (ROWS * COLUMNS * 2).to_bytes(4, "little")
