"""A CT series written anew without its patient, image by image, and kept only when it reads back as the same CT."""

from __future__ import annotations

import errno
import os
import shutil
import struct
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.count_words import count_words
from viewer.domain.errors import CancelledError, CaseStageError, DeidentifyError, FaceSignOffError, SignOffError
from viewer.domain.identifiers import uid_from
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.atomic_file import storage_error, write_atomically
from viewer.io.code_stream_text import without_text
from viewer.io.deidentify import doubts, embedded_overlay
from viewer.io.deidentify_rules import ALLOWED, EMPTY
from viewer.io.encapsulated import HTJ2K, JPEG, JPEG_2000, JPEG_LS, RLE
from viewer.io.file_bytes import as_stream, most_inflated
from viewer.io.header_walk import EXPLICIT_BIG, IMPLICIT_LITTLE
from viewer.io.image_header import LOSSY, read_header
from viewer.io.pydicom_headers import dicom_faults
from viewer.io.raw_values import plain
from viewer.io.scan import scan
from viewer.io.slice_header import NATIVE_SYNTAXES
from viewer.io.source_headers import without_complaints
from viewer.io.zip_archive import place_named

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from viewer.domain.volume import Volume
    from viewer.io.decoders import Decoders
    from viewer.io.deidentify import Deidentifier

_COMPRESSED = JPEG | JPEG_LS | JPEG_2000 | HTJ2K | {RLE}
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_PIXELS = 0x7FE00010
_ITEM = 0xE000FFFE
_PATIENCE_S = 30.0
_WRITTEN = frozenset(
    {
        "SeriesDescription", "PatientName", "PatientID", "PatientIdentityRemoved", "DeidentificationMethod",
        "DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified", "InstanceNumber",
        "LUTDescriptor", "LUTExplanation", "LUTData", "CodeValue", "CodingSchemeDesignator", "CodeMeaning",
    }
)  # fmt: skip
_CHANGED = "The images could not be copied without changing them, so nothing was written."


def export_series(
    volume: Volume,
    folder: Path,
    deidentifier: Deidentifier,
    ctx: JobContext,
    decoders: Decoders | None = None,
    *,
    signed_off: bool = False,
    faces: bool = False,
) -> Volume:
    """Write the images of a volume into a new folder without their patient; return them as they are read back.

    Files are called by number. Pixels stay as they are, compressed or not; only text inside compressed ones is
    blanked. Every value and place of what was written is the same as the original's, or nothing is left there.

    Parameters
    ----------
    volume
        Read from DICOM, whole and at its own resolution.
    folder
        Made here; nothing may be there.
    decoders
        Processes to read it back with; without, some are started for this call.
    signed_off
        True where a person looked at what the images show: no text of the patient's, no face that must not leave.
    faces
        True where a face may be made of them: nothing is kept then before it was signed off.

    Raises
    ------
    DeidentifyError
        When it cannot be told what is in the files, they are no CT, or they cannot be copied unchanged.
    SignOffError
        When images may show text, or a face, and nobody has looked at them.
    StorageError
        When it cannot be written.
    """
    _check(volume)
    if folder.exists():
        raise DeidentifyError("There is something at this place already.", "Choose a new folder.")
    try:
        doubted: Counter[str] = Counter()
        names = list(dict.fromkeys(volume.source_files))
        for number, name in enumerate(names, start=1):
            ctx.report(number - 1, 1.25 * len(names), f"Writing image {number} of {len(names)}")
            content, why = _written(name, number, deidentifier, volume.source_files.count(name), seen=signed_off)
            doubted.update(why)
            write_atomically(folder / f"{number:04d}.dcm", content, "The images")
        if len(list(folder.iterdir())) < len(names):
            # What was written first went away with its disk, and the folder was made anew.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not signed_off:
            _check_seen(doubted, len(names), faces=faces)
        ctx.report(1.0, 1.25, "Reading the images back")
        return _read_back(volume, folder, deidentifier, ctx, decoders)
    except OSError as error:
        _remove(folder)
        raise storage_error("The images", error) from error
    except CaseStageError:
        _remove(folder)
        raise


def _check(volume: Volume) -> None:
    if volume.preview:
        raise DeidentifyError("The series is still being read.", "Wait until all of it is there.")
    if not volume.source_uids and volume.shrunk > 1:
        raise DeidentifyError(
            "The series was opened smaller than it is.", "Close other programs and open it at its full resolution."
        )
    if not volume.source_uids:
        raise DeidentifyError(
            "Only DICOM CT can be made into a case.", "Open the DICOM series that this volume was made from."
        )


def _check_seen(doubted: Counter[str], count: int, *, faces: bool) -> None:
    """Refuse images that a person has to look at first."""
    reasons = "\n".join(f"{count_words(images, 'image')}: {why}" for why, images in doubted.most_common())
    if faces:
        raise FaceSignOffError(f"A face can be made of these {count_words(count, 'image')}.", detail=reasons)
    if doubted:
        raise SignOffError("Some images may show text, which may name the patient.", detail=reasons)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _written(name: str, number: int, deidentifier: Deidentifier, frames: int, *, seen: bool) -> tuple[bytes, list[str]]:
    """Return a file without its patient, and why its images may show text; `seen` where a person looked for it."""
    dataset, syntax = _whole(name)
    if embedded_overlay(dataset):
        raise DeidentifyError(
            "Drawings are kept inside the pixels of this series, and they may hold text.",
            "Export it from its archive without overlays, then make the case from that.",
        )
    if int(dataset.get("NumberOfFrames") or 1) != frames:
        raise DeidentifyError(
            "The series shares a file with other images, which would come along.",
            "Export it from its archive as single images, then make the case from those.",
        )
    with without_complaints():
        made = deidentifier.cleaned(dataset, number)
        why = doubts(dataset)
        if seen and "BurnedInAnnotation" in made:
            # Somebody looked, and nothing that names the patient is there.
            made.BurnedInAnnotation = "NO"
        pixels = _pixels(dataset, syntax)
        return _file(made, pixels, syntax), why


def _whole(name: str) -> tuple[Dataset, str]:
    """Return a file's whole data set, its pixels as they are stored, and its transfer syntax."""
    from pydicom.filereader import read_dataset

    try:
        with without_complaints(), place_named(name).opened() as (source, size):
            header = read_header(source, size)
            length = size if header.limit is not None else most_inflated(size)
            stream: Any = as_stream(header.source, length, _PATIENCE_S)
            stream.seek(header.start.offset)
            syntax = header.start.transfer_syntax
            dataset: Dataset = read_dataset(stream, syntax == IMPLICIT_LITTLE, syntax != EXPLICIT_BIG)
            # What other bytes mean hangs on it: text is decoded when it is first asked for.
            dataset.set_original_encoding(
                syntax == IMPLICIT_LITTLE, syntax != EXPLICIT_BIG, dataset.get("SpecificCharacterSet") or "iso8859"
            )
            if plain(header.elements.values.get(LOSSY)) == "01":
                dataset.LossyImageCompression = "01"
            return dataset, syntax
    except dicom_faults() as error:
        raise DeidentifyError(
            "An image of this series cannot be read to its end.", detail=type(error).__name__
        ) from error


def _pixels(dataset: Dataset, syntax: str) -> bytes:
    """Return the pixels as they are stored, without what is behind them, and without text inside compressed ones."""
    element = dataset.get_item(_PIXELS) if _PIXELS in dataset else None
    value = element.value if element is not None else None
    if not isinstance(value, bytes):
        raise DeidentifyError("An image of this series has no pixels.")
    if syntax in NATIVE_SYNTAXES:
        bits = int(dataset.BitsAllocated) * int(dataset.Rows) * int(dataset.Columns)
        length = bits * int(dataset.get("SamplesPerPixel") or 1) * int(dataset.get("NumberOfFrames") or 1) // 8
        if len(value) < length:
            raise DeidentifyError("An image of this series holds fewer pixels than its header says.")
        return value[:length] + bytes(length % 2)
    if syntax not in _COMPRESSED:
        raise DeidentifyError("The pixels of this series are compressed in a way that is not understood.")
    table, *fragments = _items(value)
    if len(table) != 4 * int(dataset.get("NumberOfFrames") or 1):
        table = b""
    parts = [table, *without_text(fragments, syntax, int(dataset.Rows) * int(dataset.Columns))]
    return b"".join(struct.pack("<LL", _ITEM, len(part)) + part for part in parts)


def _items(value: bytes) -> list[bytes]:
    """Return the items of encapsulated pixels (PS3.5 A.4): the offset table, then every fragment."""
    found, at = [], 0
    while at + 8 <= len(value):
        tag, length = struct.unpack_from("<LL", value, at)
        if tag != _ITEM:
            break
        if at + 8 + length > len(value):
            raise DeidentifyError("The compressed pixels of this series are damaged.")
        found.append(value[at + 8 : at + 8 + length])
        at += 8 + length
    if len(found) < 2:
        raise DeidentifyError("The compressed pixels of this series are damaged.")
    return found


def _file(made: Dataset, pixels: bytes, syntax: str) -> bytes:
    """Return a DICOM file with a header of its own and nothing in its preamble, proven to hold what was put in."""
    from pydicom import dcmread, dcmwrite
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID

    kept = syntax if syntax in _COMPRESSED or syntax == EXPLICIT_BIG else _EXPLICIT_LITTLE
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = UID(kept)
    meta.ImplementationClassUID = UID(uid_from("casestage de-identified ct"))
    meta.ImplementationVersionName = "CASESTAGE"
    made.add_new(_PIXELS, "OB" if kept in _COMPRESSED else "OW", pixels)
    made[_PIXELS].is_undefined_length = kept in _COMPRESSED
    buffer = BytesIO()
    whole = FileDataset("", made, preamble=b"\0" * 128, file_meta=meta)
    dcmwrite(buffer, whole, enforce_file_format=True)
    content = buffer.getvalue()
    again = dcmread(BytesIO(content))
    if again.PixelData != pixels or _foreign(again):
        raise DeidentifyError(_CHANGED)
    return content


def _foreign(dataset: Dataset) -> list[str]:
    """Return what is in a data set and on no list."""
    known = ALLOWED | _WRITTEN | frozenset(EMPTY)
    found = [str(tag) for tag in dataset.keys() if _keyword(tag) not in known]
    for element in dataset:
        if element.VR == "SQ":
            found += [name for item in element.value for name in _foreign(item)]
    return found


def _keyword(tag: Any) -> str:
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag)


def _read_back(
    volume: Volume, folder: Path, deidentifier: Deidentifier, ctx: JobContext, decoders: Decoders | None
) -> Volume:
    """Return what was written, read as any other series, once it is proven to be the same CT."""
    try:
        found = scan(folder, JobContext(cancelled=ctx.cancelled)).series
        again = assemble(found[0], JobContext(cancelled=ctx.cancelled), decoders=decoders)
    except CancelledError:
        raise
    except CaseStageError as error:
        raise DeidentifyError(_CHANGED, detail=error.sentence) from error
    different = [] if len(found) == 1 else ["number of series"]
    different += differences(volume, again)
    if [deidentifier.uid(uid) for uid in volume.source_uids] != list(again.source_uids):
        different.append("order")
    if different:
        raise DeidentifyError(_CHANGED, detail=f"different: {', '.join(different)}")
    return again


def differences(one: Volume, other: Volume) -> list[str]:
    """Return in what two volumes differ as CT, in words; nothing is rounded."""
    said: list[tuple[str, bool]] = [
        ("values", one.slices.dtype == other.slices.dtype and bool(np.array_equal(one.slices, other.slices))),
        ("positions", bool(np.array_equal(one.stack.positions_lps_mm, other.stack.positions_lps_mm))),
        ("row direction", bool(np.array_equal(one.stack.row_direction, other.stack.row_direction))),
        ("column direction", bool(np.array_equal(one.stack.column_direction, other.stack.column_direction))),
        ("pixel spacing", one.stack.pixel_spacing_mm == other.stack.pixel_spacing_mm),
        ("unit", one.unit == other.unit),
        ("padding", one.padding == other.padding or (other.padding is None and not _any_padding(one))),
        ("verdict", one.verdict == other.verdict),
        ("placing", one.placed == other.placed),
        ("shown as", one.series.voi_function == other.series.voi_function),
        ("polarity", one.series.monochrome1 == other.series.monochrome1),
        ("synthetic", one.series.synthetic == other.series.synthetic),
        ("lossy", one.series.lossy == other.series.lossy),
    ]
    return [words for words, same in said if not same]


def _any_padding(volume: Volume) -> bool:
    """Return whether any pixel is padding: a value for it is chosen too where slices are regridded that have none."""
    return volume.padding is not None and bool((volume.slices == volume.padding).any())
