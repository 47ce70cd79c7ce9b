"""A CT in which every attribute that DICOM knows holds a canary, and the search for canaries in what comes out."""

from __future__ import annotations

import struct
import warnings
from copy import deepcopy
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

WORD = "CANARY"
NUMBER = 47114711
DAY, CLOCK = "19470411", "134711.471147"
UID = f"1.2.999.{NUMBER}"
# In an image these have to be what they are, for there to be an image.
_NEEDED: dict[str, Any] = {
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
    "Modality": "CT",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", WORD],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [0.7, 0.8],
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 16,
    "HighBit": 15,
    "PixelRepresentation": 1,
    "RescaleIntercept": -1024,
    "RescaleSlope": 1,
    "RescaleType": "HU",
    "SpecificCharacterSet": "ISO_IR 100",
    "BurnedInAnnotation": "NO",
    "VOILUTFunction": "LINEAR",
    "LossyImageCompression": "00",
}
# They say that it is another kind of image, or are no part of one.
_LEFT_OUT = {
    "ModalityLUTSequence", "NumberOfFrames", "PixelPaddingValue", "PixelPaddingRangeLimit", "ConversionType",
    "FloatPixelData", "DoubleFloatPixelData", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "PixelDataProviderURL", "PresentationLUTShape", "PlanarConfiguration", "SyntheticData",
}  # fmt: skip

# Plane Position Sequence, Request Attributes Sequence
_DEEP = (0x00209113, 0x00400275)
_DEEPEST = 6


def _value(vr: str, tag: int) -> Any:
    """Return a canary of a VR."""
    word = f"{WORD}{tag:08X}"
    if vr in ("DA", "TM", "DT"):
        return {"DA": DAY, "TM": CLOCK, "DT": f"{DAY}{CLOCK}"}[vr]
    if vr in ("DS", "IS"):
        return str(NUMBER)
    if vr in ("US", "SS"):
        return 31_111
    if vr in ("UL", "SL", "UV", "SV", "FL", "FD"):
        return float(NUMBER) if vr[0] == "F" else NUMBER
    if vr == "UI":
        return f"{UID}.{tag}"
    if vr == "AT":
        return NUMBER
    if vr == "AS":
        return "047Y"
    if vr in ("OB", "OW", "UN", "OD", "OF", "OL", "OV"):
        return (word + "  ").encode("ascii")
    return word


def _filled(tags: Iterable[tuple[int, str]], depth: int = 0) -> Dataset:
    made = Dataset()
    for tag, vrs in tags:
        vr = vrs.split(" or ")[0]
        if vr == "SQ":
            # Everywhere one level deep, and in one sequence that images keep and one that they don't, six.
            made.add_new(tag, vr, [_some(depth + 1 if depth or tag in _DEEP else _DEEPEST)])
        elif vr in ("NONE", ""):
            continue
        else:
            made.add_new(tag, vr, _value(vr, tag))
    _add_private(made)
    return made


@cache
def _known_tags() -> list[tuple[int, str]]:
    return [(tag, entry[0]) for tag, entry in DicomDictionary.items() if tag >> 16 not in (0x0000, 0x0002, 0xFFFE)]


def _image(made: Dataset) -> Dataset:
    for keyword in _LEFT_OUT:
        if keyword in made:
            delattr(made, keyword)
    for keyword, value in _NEEDED.items():
        setattr(made, keyword, value)
    return made


@cache
def _a_few() -> Dataset:
    return _image(deepcopy(_some(1)))


@cache
def _everything() -> Dataset:
    tags = list(_known_tags())
    tags += [
        (int(mask.replace("x", "0"), 16) + (0x00020000 if mask.startswith(("50", "60")) else 0), entry[0])
        for mask, entry in RepeatersDictionary.items()
        if mask.startswith(("50", "60"))
    ]
    return _image(_filled(tags))


@cache
def _some(depth: int) -> Dataset:
    """Return an item with one attribute of each kind, a private one, and an item of the same in it."""
    by_vr: dict[str, int] = {}
    for tag, vr in _known_tags():
        by_vr.setdefault(vr, tag)
    keywords = ("PatientName", "PatientID", "StudyDate", "AcquisitionDateTime", "SeriesDescription", "StackID")
    named: list[tuple[int, str]] = [
        (pydicom.datadict.tag_for_keyword(k) or 0, pydicom.datadict.dictionary_VR(k)) for k in keywords
    ]
    kinds = [(tag, vr) for vr, tag in by_vr.items() if vr != "SQ"]
    deeper = [(_DEEP[depth % 2], "SQ")] if depth < _DEEPEST else []
    return _filled([*kinds, *named, *deeper], depth)


def _add_private(made: Dataset) -> None:
    for group in (0x0009, 0x0021):
        made.add_new((group, 0x0010), "LO", f"{WORD} PRIVATE")
        made.add_new((group, 0x1001), "LO", f"{WORD}{group:04X}")
        made.add_new((group, 0x1002), "OB", f"{WORD}{group:04X}".encode())
        made.add_new((group, 0x1003), "DS", str(NUMBER))


def write_image(
    path: Path,
    stored: NDArray[np.int16],
    number: int,
    *,
    syntax: str = pydicom.uid.ExplicitVRLittleEndian,
    pixels: bytes | None = None,
    everything: bool = True,
) -> None:
    """Write an image in which every attribute of the data dictionary, and more, holds a canary; or one of each VR."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _everything() if everything else _a_few()
        made.SOPInstanceUID = f"{UID}.1.{number}"
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = f"{UID}.2", f"{UID}.3", f"{UID}.4"
        made.ImagePositionPatient = [-12.345678, 7.5, 2.5 * number]
        made.InstanceNumber = str(number)
        made.Rows, made.Columns = stored.shape
        made.PixelData = stored.tobytes() + f"{WORD}BEHIND".encode() if pixels is None else pixels
        made["PixelData"].VR = "OW" if pixels is None else "OB"
        made["PixelData"].is_undefined_length = pixels is not None
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
        meta.ImplementationClassUID, meta.ImplementationVersionName = f"{UID}.9", f"{WORD}_META"
        meta.SourceApplicationEntityTitle = f"{WORD}_AE"
        meta.PrivateInformationCreatorUID, meta.PrivateInformation = f"{UID}.8", f"{WORD}_PRIVATE".encode()
        preamble = (WORD * 30).encode("ascii")[:128]
        buffer = BytesIO()
        FileDataset("", made, preamble=preamble, file_meta=meta).save_as(buffer, enforce_file_format=True)
    path.write_bytes(buffer.getvalue())


def planted(content: bytes) -> int:
    """Return how many canaries are found in some bytes."""
    return sum(content.upper().count(form) for form in _forms())


def _forms() -> list[bytes]:
    texts = [WORD, str(NUMBER), DAY, CLOCK, CLOCK[:6], "471147", "1.2.999"]
    found = [text.encode(code) for text in texts for code in ("ascii", "utf-16-le", "utf-16-be")]
    for order in "<>":
        found += [struct.pack(order + kind, NUMBER) for kind in "LdfQ"]
    found += [struct.pack("<HH", NUMBER >> 16, NUMBER & 0xFFFF), b"047Y"]
    return [form.upper() for form in found]


def canaries_below(folder: Path) -> list[str]:
    """Return the files below a folder that hold a canary, or are called like one."""
    found = []
    for path in sorted(folder.rglob("*")):
        named = planted(str(path.relative_to(folder)).encode("utf-8"))
        if named or (path.is_file() and planted(path.read_bytes())):
            found.append(str(path.relative_to(folder)))
    return found
