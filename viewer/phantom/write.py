"""A phantom written as a folder: its CT as DICOM, and its ground truth as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.true_lesions import true_lesion
from viewer.domain.errors import StorageError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.domain.labels import Mask
from viewer.domain.volume import Volume
from viewer.io.assemble import assemble
from viewer.io.atomic_file import write_atomically
from viewer.io.filled_folder import filling
from viewer.io.findings_file import write_findings
from viewer.io.scan import scan
from viewer.io.synthetic_dicom import write_ct_series
from viewer.phantom.recipe import DOCUMENT, made, write_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.phantom.phantom import Phantom
    from viewer.phantom.recipe import Recipe

TRUTH = Source(SourceKind.TRUTH, "Ground truth of the phantom")
CONTENTS = "contents.txt"
_BODY_PARTS = {"head": "HEAD", "chest": "CHEST", "abdomen": "ABDOMEN"}
_WINDOWS = {"head": (40.0, 80.0), "chest": (-600.0, 1500.0), "abdomen": (60.0, 400.0)}


@frozen(eq=False)
class WrittenPhantom:
    """What was written: the CT as read back from disk, and the truth in it."""

    volume: Volume
    truth: tuple[Finding, ...]


def store(phantom: Phantom, folder: Path, ctx: JobContext, *, name: str = "dicom", named: str = "") -> WrittenPhantom:
    """Write a phantom's CT into a folder and return it as it is read back, with the truth measured on it.

    `name` is that of the folder that holds the slices; UIDs are made from `named`, by default kind and seed.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    write_pictures(phantom, folder / name, ctx, named=named)
    volume = assemble(scan(folder / name, ctx).series[0], ctx)
    return WrittenPhantom(volume, truth_findings(phantom, volume))


def write_pictures(phantom: Phantom, folder: Path, ctx: JobContext, *, named: str = "") -> None:
    """Write a phantom's CT as DICOM, a file for each slice; UIDs are made from `named`, by default kind and seed.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    earlier = f", earlier scan {phantom.earlier}" if phantom.earlier else ""
    said = f"{phantom.kind} phantom, seed {phantom.seed}{earlier}"
    named = named or said
    write_ct_series(
        folder,
        phantom.voxels_hu,
        origin_lps_mm=phantom.origin_lps_mm,
        spacing_mm=phantom.spacing_mm,
        description=f"Synthetic {said}",
        body_part=_BODY_PARTS[phantom.kind],
        series_uid=uid_from(f"{named} series"),
        study_uid=uid_from(f"{named} study"),
        frame_uid=uid_from(f"{named} frame of reference"),
        window=_WINDOWS[phantom.kind],
        kernel=phantom.kernel,
        tilt_deg=phantom.tilt_deg,
        progress=lambda share: ctx.report(share, 1.0, "Writing slices"),
    )


def truth_findings(phantom: Phantom, volume: Volume) -> tuple[Finding, ...]:
    """Return the lesions of a phantom as findings on its volume, largest first."""
    findings = []
    for lesion in phantom.lesions:
        mask = Mask.from_full(np.asarray(phantom.truth == lesion.label_value))
        if mask is None:
            continue
        number, said_by = lesion.label_value, TRUTH.name
        findings.append(true_lesion(mask, volume, number, key=lesion.key, label=lesion.name, said_by=said_by))
    return tuple(sorted(findings, key=lambda f: f.order))


def write_phantom(recipe: Recipe, folder: Path, ctx: JobContext) -> list[str]:
    """Make a phantom, write its CT and ground truth, and return what is in it, a line each.

    Beside `dicom` and `truth` (findings.json, seg.dcm) go `contents.txt`, what is in it in words, and `recipe.json`,
    which says what it was made from. A phantom that was made there earlier is replaced.

    Raises
    ------
    CaseStageError, CancelledError
        When it cannot be made or written, or images of another origin are there; the folder is then as it was.
    """
    if not (folder / DOCUMENT).is_file() and any((folder / name).exists() for name in ("dicom", "truth")):
        raise StorageError(f"{folder.absolute().name} holds other images.", "Name a folder that is not there yet.")
    phantom = made(recipe, ctx.part(0.0, 0.8))
    with filling(folder, "The synthetic series") as place:
        written = store(phantom, place, ctx.part(0.8, 1.0), named=recipe.name)
        write_findings(place / "truth", written.volume, written.truth, None)
        write_recipe(place / DOCUMENT, recipe)
        measured = [f"{f.label}: {f.volume_ml or 0:.2f} mL, {f.long_axis_mm or 0:.1f} mm long" for f in written.truth]
        lines = [phantom.description, *(phantom.contents or measured)]
        text = "".join(f"{line}\n" for line in (*lines, "Synthetic. Not for diagnostic use."))
        write_atomically(place / CONTENTS, text.encode(), "The list of what is in it")
    lines.append(
        f"Written to {folder}: {len(phantom.voxels_hu)} synthetic slices in dicom, the truth in truth, "
        f"this list in {CONTENTS}."
    )
    return lines
