"""Writes findings and decisions for other programs: findings.json, SEG and SR."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.analysis.region import region_values
from viewer.domain.finding import SourceKind
from viewer.domain.measured import Measured
from viewer.io import findings_file, measurements_file
from viewer.io.atomic_file import storage_error
from viewer.io.filled_folder import filling
from viewer.io.findings_file import SEG, write_findings
from viewer.io.measurements_file import write_measurements
from viewer.io.seg import NotMadeError
from viewer.io.sr import write_sr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from viewer.domain.decision import Decision
    from viewer.domain.finding import CaseScored, Finding, Source
    from viewer.domain.job import JobContext
    from viewer.domain.measurement import Measurement
    from viewer.domain.overlays import Label
    from viewer.domain.volume import Volume

_REPORT = "sr.dcm"
_ALL = (
    findings_file.DOCUMENT,
    SEG,
    findings_file.NIFTI_SEG,
    _REPORT,
    measurements_file.DOCUMENT,
    measurements_file.TABLE,
)
_NONE = "There is no finding, so there is no report."


@frozen
class Written:
    """What an export wrote, and what it left out and why."""

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def check_folder(folder: Path) -> None:
    """Make sure that a folder can be written to before long work is done for it; it is not made here.

    Raises
    ------
    StorageError
        When it cannot.
    """
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryDirectory(prefix=".casestage-", dir=existing):
            pass
    except OSError as error:
        raise storage_error("The result", error) from error


def write_outputs(
    folder: Path,
    volume: Volume,
    findings: Sequence[Finding],
    model: Source | None,
    *,
    decisions: Mapping[str, Decision] | None = None,
    reader: str = "",
    recorded: bool = False,
    case_scores: Sequence[CaseScored] = (),
    measured: Sequence[Measured] = (),
    labels: Sequence[Label] = (),
) -> Written:
    """Write findings.json, SEG and SR into a folder, which is made where it is missing; and what was measured.

    All of it takes the place of what an earlier export wrote there, or that stays as it is.

    `recorded` and `case_scores` as in `viewer.io.findings_file.write_findings`.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    unmade = None
    with filling(folder, "The result") as place:
        try:
            made = _write(
                place, volume, findings, model, decisions or {}, reader, recorded, case_scores, measured, labels
            )
        except NotMadeError as error:
            unmade, made = error, Written(place, tuple(place.iterdir()))
    kept = {path.name for path in made.files}
    # Older ones would tell of other findings than those beside them.
    _remove(folder, [name for name in _ALL if name not in kept])
    if unmade is not None:
        raise unmade
    return Written(folder, tuple(folder / path.name for path in made.files), made.notes)


def _write(
    folder: Path,
    volume: Volume,
    findings: Sequence[Finding],
    model: Source | None,
    decisions: Mapping[str, Decision],
    reader: str,
    recorded: bool,
    case_scores: Sequence[CaseScored],
    measured: Sequence[Measured],
    labels: Sequence[Label],
) -> Written:
    written = write_findings(folder, volume, findings, model, reader=reader, recorded=recorded, case_scores=case_scores)
    files, notes = list(written.files), [written.note] if written.note else []
    tables = write_measurements(folder, volume, measured, labels)
    files += tables.files
    notes += [tables.note] if tables.note else []
    if not volume.source_uids:
        return Written(folder, tuple(files), tuple(notes))
    # A report says where; what is said of slices or of the whole series has no place to be said of.
    placed = [f for f in findings if f.placed]
    nowhere = len(findings) - len(placed)
    if nowhere:
        are = (
            "1 of the findings has no place and stands"
            if nowhere == 1
            else f"{nowhere} findings have no place and stand"
        )
        notes.append(f"{are} in findings.json alone.")
    if not placed and not measured:
        notes.append("There is no finding with a place, so there is no report." if findings else _NONE)
        return Written(folder, tuple(files), tuple(notes))
    report, seg = folder / _REPORT, folder / SEG
    segmentation = seg if seg in files else None
    write_sr(report, volume, placed, decisions, segmentation, reader, measured=measured)
    return Written(folder, (*files, report), tuple(notes))


def remove_outputs(folder: Path) -> None:
    """Remove what `write_outputs` wrote into a folder; all else stays.

    Raises
    ------
    StorageError
        When it cannot be removed.
    """
    _remove(folder, _ALL)


def _remove(folder: Path, names: Iterable[str]) -> None:
    try:
        for name in names:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error("The result", error) from error


def write_review(
    folder: Path,
    volume: Volume,
    findings: Sequence[Finding],
    decisions: Mapping[str, Decision],
    reader: str,
    measurements: Sequence[Measurement],
    labels: Sequence[Label],
    ctx: JobContext,
) -> Written:
    """Write findings with a reader's decisions and measurements; see `write_outputs`."""
    ctx.stop_if_cancelled()
    models = {f.source for f in findings if f.source.kind is SourceKind.MODEL}
    model = models.pop() if len(models) == 1 else None
    return write_outputs(
        folder,
        volume,
        findings,
        model,
        decisions=decisions,
        reader=reader,
        measured=with_values(measurements, volume),
        labels=labels,
    )


def with_values(measurements: Sequence[Measurement], volume: Volume) -> tuple[Measured, ...]:
    """Return measurements with the values within regions; none of them where the geometry is not to be trusted."""
    if not volume.measurable:
        return ()
    return tuple(Measured(m, region_values(m, volume) if m.kind.is_region else None) for m in measurements)
