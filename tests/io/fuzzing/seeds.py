"""Small sound files of every kind that the program opens, from which mutated ones are made."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pydicom
import SimpleITK as sitk
from attrs import evolve, field, frozen
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from tests.io.conftest import AXIAL, ENCODERS, NATIVE, MadeCt

if TYPE_CHECKING:
    from collections.abc import Callable


IMPLICIT, EXPLICIT, DEFLATED, BIG = NATIVE
VARIANTS = 3
# What must never be read in a sentence, a hint, a detail, a log or a reason.
CANARY = "Canary"
_IDENTITY = {
    "PatientName": f"{CANARY}^Kanarie^^Dr",
    "PatientID": f"{CANARY}-4711",
    "AccessionNumber": f"{CANARY}-A",
    "ReferringPhysicianName": f"{CANARY}^Referring",
}
_RESCALE = {"RescaleIntercept": "-1024", "RescaleSlope": "1"}
# Lossy, or of eight bits: what a sound file of these holds is known only after decoding.
LOSSY = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81, 91, 203))
_LARGEST_REAL = 150_000


@frozen(eq=False)
class Seed:
    """A sound file, and what lies beside it.

    Attributes
    ----------
    kind, form
        What it is, and how it is built: "dicom", "dicomdir", "zip", "nifti", "nrrd", "meta".
    files
        By name, the one to be mutated first. Of a volume beside its header either may be.
    known
        Values of sound images by their SOP Instance UID, or of sound volumes by their file's name, [j, i] or [k, j, i].
    syntax
        Transfer syntax of a DICOM file.
    opened_as
        The file to open in place of the folder, "" for the folder.
    """

    kind: str
    form: str
    files: Mapping[str, bytes]
    known: Mapping[str, NDArray[Any]] = field(factory=dict)
    syntax: str = EXPLICIT
    opened_as: str = ""

    @property
    def name(self) -> str:
        """The file to be mutated."""
        return next(iter(self.files))


def _pixels(k: int, signed: bool, bits: int) -> NDArray[Any]:
    rng = np.random.default_rng(100 + k)
    j, i = np.mgrid[0:24, 0:32]
    values = 900 + 11 * i + 30 * j + rng.integers(0, 60, (24, 32)) + 7 * k
    values[:2, :2] = -1000 if signed else 24
    return values.clip(0 if not signed else -2048, (1 << bits) - 1).astype(np.int16 if signed else np.uint16)


def _elements(variant: int, k: int, syntax: str) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return stored values and elements of a slice: unsigned, signed with padding, or 12 bits of 16."""
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    referenced.ReferencedSOPInstanceUID = f"1.2.3.{k}"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "T-D4000", "SRT", "Abdomen"
    referenced.PurposeOfReferenceCodeSequence = [code]
    more: dict[str, Any] = {
        **_IDENTITY,
        **_RESCALE,
        "SpecificCharacterSet": "ISO_IR 192",
        "InstanceNumber": str(k + 1),
        "AcquisitionNumber": "1",
        "AcquisitionTime": f"1200{k:02}",
        "ConvolutionKernel": "B30f",
        "KVP": "120",
        "SliceThickness": "2.5",
        "WindowCenter": ["40", "300"],
        "WindowWidth": ["400", "1500"],
        "ReferencedImageSequence": [referenced, referenced],
    }
    eight = syntax == "1.2.840.10008.1.2.4.50"
    signed = variant == 1 and not eight and syntax not in LOSSY
    twelve = variant == 2 or syntax in LOSSY
    bits = 8 if eight else 12 if twelve else 16
    stored = _pixels(k, signed, bits)
    if eight:
        stored, more["BitsAllocated"] = (stored // 16).clip(0, 255).astype(np.uint8), 8
    more |= {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(signed)}
    if signed:
        more["PixelPaddingValue"] = pydicom.DataElement(0x00280120, "SS", -1000)
    return stored, more


def _encoded(stored: NDArray[Any], syntax: str) -> bytes | None:
    if syntax in NATIVE:
        return None
    words = stored if stored.dtype == np.uint8 else stored.view(np.uint16)
    return bytes(ENCODERS[syntax](words))


def _slice(made: MadeCt, name: str, k: int, variant: int, syntax: str, **elements: Any) -> NDArray[Any]:
    """Write a slice and return its values in HU."""
    stored, more = _elements(variant, k, syntax)
    stream = _encoded(stored, syntax)
    made.slice(name, stored, (-10.0, -20.0, 2.5 * k), syntax=syntax, stream=stream, **{**more, **elements})
    return stored.astype(np.int32) - 1024


def _taken(folder: Path, first: str) -> dict[str, bytes]:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    names.sort(key=lambda name: name != first)
    return {name: (folder / name).read_bytes() for name in names}


def _known(folder: Path, values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {str(pydicom.dcmread(folder / name).SOPInstanceUID): found for name, found in values.items()}


def _images(kind: str, syntax: str, *, preamble: bool = True, beside: str = "") -> Callable[[Path, int], Seed]:
    """Return what makes a slice of a transfer syntax, between two sound ones of its series."""
    beside = beside or (EXPLICIT if syntax in LOSSY else syntax)

    def made(folder: Path, variant: int) -> Seed:
        ct = MadeCt(folder)
        _slice(ct, "mutated", 1, variant, syntax, preamble=preamble)
        known = {f"sound{k}": _slice(ct, f"sound{k}", k, variant, beside) for k in (0, 2)}
        return Seed(kind, "dicom", _taken(folder, "mutated"), _known(folder, known), syntax)

    return made


def _frames(kind: str, syntax: str, *, described: bool = True) -> Callable[[Path, int], Seed]:
    """Return what makes an image of four frames, beside a sound one of two frames or two single slices."""

    def made(folder: Path, variant: int) -> Seed:
        ct = MadeCt(folder)
        known = {}
        for name, places in {"mutated": (0, 1, 2, 3), "sound": (5, 6)}.items():
            slices = [_elements(variant, k, syntax) for k in places]
            stored, more = np.stack([one for one, _ in slices]), {**slices[0][1], "InstanceNumber": str(places[0])}
            positions = [{"PlanePositionSequence": {"ImagePositionPatient": [-10, -20, 2.5 * k]}} for k in places]
            if described:
                for keyword in ("RescaleIntercept", "RescaleSlope", "ImagePositionPatient"):
                    more[keyword] = None
                path = ct.frames(name, stored, positions, **more)
            else:
                path = ct.slice(name, stored, **{**more, "NumberOfFrames": str(len(places))})
            if syntax not in NATIVE:
                _compress(path, stored, syntax, with_table=variant == 0)
            if name == "sound":
                known[name] = stored.astype(np.int32) - 1024
        return Seed(kind, "dicom", _taken(folder, "mutated"), _known(folder, known), syntax)

    return made


def _compress(path: Path, stored: NDArray[Any], syntax: str, *, with_table: bool) -> None:
    ds = pydicom.dcmread(path)
    streams = [bytes(ENCODERS[syntax](one.view(np.uint16))) for one in stored]
    ds.PixelData = encapsulate(streams, has_bot=with_table)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    pydicom.dcmwrite(path, ds, enforce_file_format=True)


def _listing(folder: Path, variant: int) -> Seed:
    """Return a DICOMDIR of three slices."""
    ct = MadeCt(folder)
    known = {f"IMG{k}": _slice(ct, f"IMG{k}", k, variant, EXPLICIT) for k in range(3)}
    records = []
    for name in known:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord, record.RecordInUseFlag = 0, 0xFFFF
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = [name]
        record.PatientName = _IDENTITY["PatientName"]
        records.append(record)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds.FileSetID = "MADE"
    ds.DirectoryRecordSequence = records
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(folder / "DICOMDIR", ds, enforce_file_format=True)
    return Seed("DICOMDIR", "dicomdir", _taken(folder, "DICOMDIR"), _known(folder, known), EXPLICIT, "DICOMDIR")


def zipped(files: Mapping[str, bytes], packing: int) -> bytes:
    """Return a zip archive, the same each time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, packing)
    return stream.getvalue()


def _archive(kind: str, packing: int, prefix: str = "") -> Callable[[Path, int], Seed]:
    """Return what makes an archive of three slices, beside a sound slice of their series."""

    def made(folder: Path, variant: int) -> Seed:
        ct = MadeCt(folder)
        known = {f"sound{k}": _slice(ct, f"sound{k}", k, variant, EXPLICIT) for k in range(4)}
        values = _known(folder, known)
        files = _taken(folder, "")
        inside = {f"{prefix}{name}": content for name, content in files.items() if name != "sound3"}
        if prefix:
            inside |= {prefix: b"", f"{prefix}notes.txt": b"no image", "__MACOSX/._x": b"\0"}
        return Seed(kind, "zip", {"mutated.zip": zipped(inside, packing), "sound3": files["sound3"]}, values)

    return made


def _volume(kind: str, form: str, name: str, *, packed: bool = False) -> Callable[[Path, int], Seed]:
    """Return what makes a volume in a file of its own, written by ITK, beside a sound one."""

    def made(folder: Path, variant: int) -> Seed:
        dtype = (np.int16, np.uint16, np.float32)[variant]
        values = np.stack([_pixels(k, signed=True, bits=12) for k in range(3)])[:, ::2, ::2].astype(dtype)
        image = sitk.GetImageFromArray(values)
        image.SetSpacing((0.7, 0.8, 2.5))
        image.SetOrigin((11.5, -22.25, 333.125))
        image.SetMetaData("PatientName" if form != "nifti" else "descrip", CANARY)
        sitk.WriteImage(image, str(folder / name), packed)
        sound = np.stack([_pixels(k, signed=True, bits=12) for k in range(2)])[:, ::2, ::2]
        sitk.WriteImage(sitk.GetImageFromArray(sound), str(folder / "sound.mha"))
        return Seed(kind, form, _taken(folder, name), {"sound.mha": sound})

    return made


def _nifti_packed(folder: Path, variant: int) -> Seed:
    """Return a packed NIfTI file whose bytes are the same each time."""
    plain = _volume("nii.gz", "nifti", "mutated.nii")(folder, variant)
    files = {"mutated.nii.gz": gzip.compress(plain.files["mutated.nii"], mtime=0), **plain.files}
    del files["mutated.nii"]
    return evolve(plain, files=files)


def _lossless_57(a: NDArray[Any]) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(a, lossless=True, predictor=6, bitspersample=16))


_MAKERS: dict[str, Callable[[Path, int], Seed]] = {
    **{
        kind: _images(kind, syntax)
        for kind, syntax in {
            "implicit": IMPLICIT,
            "explicit": EXPLICIT,
            "big endian": BIG,
            "deflated": DEFLATED,
            "RLE": "1.2.840.10008.1.2.5",
            "JPEG baseline": "1.2.840.10008.1.2.4.50",
            "JPEG extended": "1.2.840.10008.1.2.4.51",
            "JPEG lossless": "1.2.840.10008.1.2.4.57",
            "JPEG lossless SV1": "1.2.840.10008.1.2.4.70",
            "JPEG-LS": "1.2.840.10008.1.2.4.80",
            "JPEG-LS near-lossless": "1.2.840.10008.1.2.4.81",
            "JPEG 2000": "1.2.840.10008.1.2.4.90",
            "JPEG 2000 lossy": "1.2.840.10008.1.2.4.91",
            "HTJ2K": "1.2.840.10008.1.2.4.201",
            "HTJ2K RPCL": "1.2.840.10008.1.2.4.202",
            "HTJ2K lossy": "1.2.840.10008.1.2.4.203",
        }.items()
    },
    "no preamble": _images("no preamble", IMPLICIT, preamble=False, beside=EXPLICIT),
    "enhanced": _frames("enhanced", EXPLICIT),
    "enhanced RLE": _frames("enhanced RLE", "1.2.840.10008.1.2.5"),
    "enhanced JPEG-LS": _frames("enhanced JPEG-LS", "1.2.840.10008.1.2.4.80"),
    "enhanced JPEG 2000": _frames("enhanced JPEG 2000", "1.2.840.10008.1.2.4.90"),
    "frames": _frames("frames", EXPLICIT, described=False),
    "DICOMDIR": _listing,
    "zip stored": _archive("zip stored", zipfile.ZIP_STORED),
    "zip deflated": _archive("zip deflated", zipfile.ZIP_DEFLATED),
    "zip with folders": _archive("zip with folders", zipfile.ZIP_DEFLATED, "study/deep/"),
    "nii": _volume("nii", "nifti", "mutated.nii"),
    "nii.gz": _nifti_packed,
    "nrrd": _volume("nrrd", "nrrd", "mutated.nrrd"),
    "nrrd packed": _volume("nrrd packed", "nrrd", "mutated.nrrd", packed=True),
    "nhdr": _volume("nhdr", "nrrd", "mutated.nhdr"),
    "mha": _volume("mha", "meta", "mutated.mha"),
    "mha packed": _volume("mha packed", "meta", "mutated.mha", packed=True),
    "mhd": _volume("mhd", "meta", "mutated.mhd"),
}
REAL = "real"
KINDS = (*_MAKERS, REAL)


@cache
def seed(kind: str, variant: int) -> Seed:
    """Return a sound file of a kind, the same bytes each time."""
    with tempfile.TemporaryDirectory(prefix="casestage-seed-") as name:
        return _MAKERS[kind](Path(name), variant)


@lru_cache(maxsize=1)
def real_files() -> tuple[Path, ...]:
    """Return small real files: those beside the checkout, or where CASESTAGE_REAL_DATA says; none where none are."""
    named = os.environ.get("CASESTAGE_REAL_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[4] / "shared" / "data"
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return tuple(sorted(p for p in found if _is_image(p) and p.stat().st_size <= _LARGEST_REAL))


def _is_image(path: Path) -> bool:
    if path.name.endswith((".nii", ".nii.gz", ".nrrd", ".mha")):
        return True
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def real_seed(number: int) -> Seed | None:
    """Return a real file by number, beside two made ones; None where there are none."""
    files = real_files()
    if not files:
        return None
    path = files[number % len(files)]
    beside = seed("explicit", 0)
    ending = "".join(s for s in path.suffixes if s in (".nii", ".gz", ".nrrd", ".mha"))
    sound = {name: content for name, content in beside.files.items() if name != beside.name}
    form = {".nrrd": "nrrd", ".mha": "meta"}.get(ending, "nifti" if ending else "dicom")
    content = path.read_bytes()
    syntax = EXPLICIT
    if form == "dicom":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta = pydicom.dcmread(io.BytesIO(content), force=True, stop_before_pixels=True).file_meta
            syntax = str(meta.get("TransferSyntaxUID", EXPLICIT))
    return Seed(REAL, form, {f"mutated{ending}": content, **sound}, beside.known, syntax)


__all__ = ["AXIAL", "CANARY", "KINDS", "REAL", "VARIANTS", "Seed", "real_seed", "seed", "zipped"]
