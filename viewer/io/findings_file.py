"""`findings.json` and the masks beside it: what `casestage run` writes, and how a case records findings and truth."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from viewer.domain.errors import CaseDocumentError, UnreadableFileError
from viewer.domain.finding import CaseScored, Source, SourceKind
from viewer.domain.value_units import unit_words
from viewer.io.atomic_file import storage_error, write_atomically
from viewer.io.finding_checks import check_records, check_volume
from viewer.io.finding_record import FindingRecord, finding_of, finding_record
from viewer.io.memory import shrunk_words
from viewer.io.nifti_seg import fits_nifti, read_nifti_seg, write_nifti_seg
from viewer.io.regular_file import regular
from viewer.io.seg import NotMadeError, read_seg, segmented, write_seg
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding
    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume

FINDINGS_FORMAT = "casestage findings"
FINDINGS_VERSION = 1
DOCUMENT = "findings.json"
SEG = "seg.dcm"
NIFTI_SEG = "seg.nii.gz"


@frozen
class FindingsWritten:
    """The files that were written, and what was written otherwise than usual, in a sentence ("" for nothing)."""

    files: tuple[Path, ...]
    note: str = ""


@frozen
class _MaskFile:
    file: str
    sha256: str


@frozen
class _Findings:
    model: str
    series: str
    not_for_diagnostic_use: bool
    synthetic: bool
    recorded: bool
    findings: tuple[FindingRecord, ...]
    format: str
    version: int
    model_version: str = ""
    model_sha256: str = ""
    unit: str = ""
    segmentation: _MaskFile | None = None
    note: str = ""
    case_scores: tuple[CaseScored, ...] = ()


def write_findings(
    folder: Path,
    volume: Volume,
    findings: Sequence[Finding],
    model: Source | None,
    *,
    synthetic: bool | None = None,
    recorded: bool = False,
    reader: str = "",
    compressed: bool = False,
    case_scores: Sequence[CaseScored] = (),
) -> FindingsWritten:
    """Write `findings.json` and the masks as `seg.dcm`, or for a volume that is not from DICOM as `seg.nii.gz`.

    The masks are written first, and the document names their hash, so that an interrupted export is noticed.

    Parameters
    ----------
    folder
        Made where it is missing; files of these names are replaced.
    volume
        What the findings lie on. Where its geometry is untrusted, lengths and volumes are left out.
    findings
        In the order they are to be listed.
    model
        Who made them; None for readers or truth.
    synthetic
        Whether the pictures are; None takes it from the volume.
    recorded
        True where they are kept to be shown later without running the model.
    reader
        Becomes the segmentation's creator.
    case_scores
        What the model says of the case as a whole.
    compressed
        Write a small `seg.dcm` that fewer other programs can read; for cases, not for export.

    Raises
    ------
    StorageError
        When the segmentation cannot be made, the document alone then being written, or something cannot be written.
    """
    outlined = segmented(findings)
    numbers = {f.id: n for n, f in enumerate(outlined, start=1)}
    note, mask_file, unmade = "", None, None
    why = "was opened smaller than it is" if volume.shrunk > 1 else "names no patient and study"
    if not outlined:
        report = "" if volume.source_uids else f" The volume {why}, so there is no SR."
        note = f"No finding is outlined, so there is no segmentation.{report}"
    elif volume.source_uids:
        mask_file = folder / SEG
        try:
            write_seg(mask_file, volume, outlined, reader=reader, compressed=compressed)
        except NotMadeError as error:
            mask_file, numbers, note, unmade = None, {}, error.sentence, error
    elif not fits_nifti(volume):
        numbers = {}
        note = f"The volume {why}, so there is no DICOM SEG and SR. No masks: NIfTI cannot hold uneven slices."
    else:
        mask_file = folder / NIFTI_SEG
        write_nifti_seg(mask_file, volume, [f.mask for f in outlined if f.mask is not None])
        note = f"The volume {why}, so there is no DICOM SEG and SR; the masks are NIfTI."
    if volume.shrunk > 1:
        note = f"{note} {shrunk_words(volume.shrunk)}"
    for name in (SEG, NIFTI_SEG):
        if mask_file is None or name != mask_file.name:
            _remove(folder / name)
    document: dict[str, Any] = {
        "model": model.model_id if model else "",
        "series": volume.series.series_uid,
        "not_for_diagnostic_use": True,
        "synthetic": volume.series.synthetic if synthetic is None else synthetic,
        "recorded": recorded,
        "findings": [finding_record(f, segment=numbers.get(f.id), measurable=volume.measurable) for f in findings],
        "format": FINDINGS_FORMAT,
        "version": FINDINGS_VERSION,
        "model_version": model.version if model else "",
        "model_sha256": model.model_sha256 if model else "",
        "unit": unit_words(volume.unit) or volume.unit,
        "segmentation": None if mask_file is None else {"file": mask_file.name, "sha256": _sha256(mask_file)},
        "note": note,
        "case_scores": [unstructure(scored) for scored in case_scores],
    }
    write_atomically(folder / DOCUMENT, json_text(document).encode("utf-8"), "The findings")
    if unmade is not None:
        raise unmade
    files = (folder / DOCUMENT,) if mask_file is None else (folder / DOCUMENT, mask_file)
    return FindingsWritten(files, note)


def read_findings(folder: Path, volume: Volume) -> tuple[Finding, ...]:
    """Return the findings of a folder with their masks; those of a model are marked as recorded.

    Raises
    ------
    CaseDocumentError
        When the document is missing, damaged or newer, belongs to another series, or does not fit its masks.
    UnreadableFileError
        When the masks cannot be read or lie elsewhere.
    """
    document = _read(folder)
    if document.series != volume.series.series_uid:
        raise CaseDocumentError("The findings belong to another series.", "Open the series that they were made from.")
    try:
        check_records(document.findings, volume)
    except WrongJsonError as error:
        raise _damaged(str(error)) from error
    masks = _masks(folder, document, volume)
    found = []
    for record in document.findings:
        if record.segment is not None and record.segment not in masks:
            raise _damaged(f"“{record.id}” names segment {record.segment}, which the segmentation does not hold")
        tracking_uid, mask = ("", None) if record.segment is None else masks[record.segment]
        if tracking_uid and tracking_uid != record.tracking_uid:
            raise _damaged(f"segment {record.segment} is another finding than “{record.id}”")
        try:
            check_volume(record, mask, volume)
        except WrongJsonError as error:
            raise _damaged(str(error)) from error
        found.append(finding_of(record, mask, recorded=record.source.kind is SourceKind.MODEL))
    return tuple(found)


def series_named(folder: Path) -> str:
    """Return the UID of the series that the findings of a folder belong to.

    Raises
    ------
    CaseDocumentError
        When the document is missing, damaged or newer.
    """
    return _read(folder).series


def model_named(folder: Path) -> Source | None:
    """Return the model that made the findings of a folder, also where it found none; None where no model did.

    It is called by its id: its name is its card's.

    Raises
    ------
    CaseDocumentError
        When the document is missing, damaged or newer.
    """
    said = _read(folder)
    if not said.model:
        return None
    return Source(SourceKind.MODEL, said.model, said.model_version, said.model, said.model_sha256)


def _read(folder: Path) -> _Findings:
    try:
        stored = read_json(folder / DOCUMENT)
        if not isinstance(stored, dict) or stored.get("format") != FINDINGS_FORMAT:
            raise WrongJsonError(f'it does not say "format": "{FINDINGS_FORMAT}"')
        version = stored.get("version")
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise WrongJsonError("“version” must be a whole number from 1")
        if version > FINDINGS_VERSION:
            raise CaseDocumentError(
                "The findings were made by a newer CaseStage.", "Install the newest CaseStage to open them."
            )
        return structure(stored, _Findings)
    except OSError as error:
        raise CaseDocumentError(
            f"The findings are not there: “{folder.name}/{DOCUMENT}” cannot be read.",
            "Copy the case again.",
            error.strerror or type(error).__name__,
        ) from error
    except WrongJsonError as error:
        raise _damaged(str(error)) from error


def _masks(folder: Path, document: _Findings, volume: Volume) -> dict[int, tuple[str, Mask | None]]:
    named = document.segmentation
    if named is None:
        return {}
    if named.file not in (SEG, NIFTI_SEG):
        raise _damaged(f"segmentation.file must be {SEG} or {NIFTI_SEG}")
    path = folder / named.file
    try:
        digest = _sha256(path)
    except OSError as error:
        raise UnreadableFileError(
            f"The outlines of the findings are not there: “{folder.name}/{named.file}” cannot be read.",
            "Copy the case again.",
            error.strerror or type(error).__name__,
        ) from error
    if digest != named.sha256:
        raise _damaged(f"{named.file} is not the one that was written with it")
    if named.file == SEG:
        return {s.number: (s.tracking_uid, s.mask) for s in read_seg(path, volume)}
    return {number: ("", mask) for number, mask in enumerate(read_nifti_seg(path, volume), start=1)}


def _damaged(what: str) -> CaseDocumentError:
    return CaseDocumentError(f"The findings cannot be read: {what}.", "Copy the case again.")


def _sha256(path: Path) -> str:
    with regular(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error("The findings", error) from error
