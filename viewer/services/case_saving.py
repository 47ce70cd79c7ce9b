"""A draft saved as a case: de-identified as it is made, proven to open, and only then among the cases."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.analysis.body_part import BodyPart, body_part, may_show_face
from viewer.domain.alignment import Alignment
from viewer.domain.draft import Draft
from viewer.domain.errors import CaseDocumentError, DeidentifyError
from viewer.domain.finding import Finding, Source, SourceKind, Truth
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.masking import identity_words, masked_text, names_patient_in_prose, words_of
from viewer.domain.model_result import ModelResult
from viewer.domain.narration_pictures import pictures_named
from viewer.domain.view_state import Comparison, OverlayMode, as_point
from viewer.domain.volume import Volume
from viewer.domain.walkthrough import Case, Prior, Provenance, RecordedResult
from viewer.io.atomic_file import storage_error, sync_folder
from viewer.io.case_document import read_case, write_case
from viewer.io.deidentified_series import export_series
from viewer.io.deidentify import Deidentifier
from viewer.io.findings_file import write_findings
from viewer.io.pack_names import objection
from viewer.io.png_file import write_png
from viewer.io.program import NAME, program_version
from viewer.io.staging import staging
from viewer.io.volume_hash import volume_sha256
from viewer.scene.planes import PlaneRenderer
from viewer.scene.presets_3d import allowed_preset
from viewer.services.cut_off import CASES
from viewer.services.loading import load_case
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.job import JobContext
    from viewer.domain.view_state import ViewState
    from viewer.io.decoders import Decoders

CARD_PX = (880, 592)
_LONGEST_NAME = 48


@frozen(eq=False)
class PriorScan:
    """The scan that a case's series is compared with, and where places of that lie in it.

    `titles` are what the case's own scan is called beside it, and it. `same_patient` is what the files say: None where
    they do not.
    """

    volume: Volume
    findings: tuple[Finding, ...]
    alignment: Alignment
    titles: tuple[str, str]
    same_patient: bool | None = None


@frozen(eq=False)
class Making:
    """All that a case is made of.

    `pictures` is the folder that pictures in its narrations are named from; `model` the one that was run, also where it
    found nothing.
    """

    draft: Draft
    volume: Volume
    findings: tuple[Finding, ...]
    truth: Truth | None
    prior: PriorScan | None = None
    results: tuple[ModelResult, ...] = ()
    pictures: Path | None = None
    model: Source | None = None


def save_case(
    making: Making, cases: Path, ctx: JobContext, decoders: Decoders | None = None, *, signed_off: bool = False
) -> Case:
    """Return a case that was written among others, without its patient; everything of it is there, or nothing is.

    It is made beside its place, opened once as any case is, and moved there. What an earlier attempt that was killed
    left is removed.

    Parameters
    ----------
    cases
        The folder of the user's cases.
    signed_off
        True where a person looked at what the images show: no text of the patient's, no face that must not leave.

    Raises
    ------
    DeidentifyError
        When the images cannot be de-identified with certainty; `SignOffError` where a person has to look first.
    CaseDocumentError
        When the story names the patient.
    StorageError
        When it cannot be written.
    """
    draft, volume, prior = making.draft, making.volume, making.prior
    volumes = [volume, *([prior.volume] if prior is not None else [])]
    names = identity_words(*(v.series.identity for v in volumes)) if not volume.series.synthetic else frozenset()
    _check_words(draft, names)
    if prior is not None and prior.same_patient is False:
        raise DeidentifyError("The two scans are of different patients.", "End the comparison, then save the case.")
    try:
        with staging(cases.parent / CASES) as making_here:
            cases.mkdir(parents=True, exist_ok=True)
            made = _made(making, making_here, names, ctx, decoders, signed_off=signed_off)
            write_case(making_here, made)
            ctx.report(0.8, 1.0, "Opening the case")
            loaded = load_case(read_case(making_here), ctx.part(0.8, 0.95), decoders=decoders)
            write_png(making_here / "thumbnail.png", _card(loaded.volume, loaded.findings, loaded.case))
            ctx.report(0.98, 1.0, "Saving the case")
            folder = _moved_in(making_here, cases, evolve(made, thumbnail_path="thumbnail.png"))
            sync_folder(cases)
    except OSError as error:
        raise storage_error("The case", error) from error
    return read_case(folder)


def _moved_in(made: Path, cases: Path, case: Case) -> Path:
    """Return the folder that a case was moved to, under a name that no other has taken meanwhile."""
    while True:
        folder = cases / _free_name(cases, case.title)
        write_case(made, evolve(case, id=folder.name))
        try:
            os.replace(made, folder)
        except OSError:
            if not folder.exists():
                raise
            continue
        return folder


def leaves_a_face(volume: Volume) -> bool:
    """Return whether other programs could make a patient's face of a volume's images."""
    return not volume.series.synthetic and volume.stack.count > 1 and may_show_face(volume)


def _check_words(draft: Draft, names: frozenset[str]) -> None:
    said = [("The title", draft.title), ("The summary", draft.summary)]
    for number, step in enumerate(draft.steps, start=1):
        asked = step.question.text if step.question is not None else ""
        said += [(f"Step {number}", f"{step.title} {step.narration} {step.notes} {asked}")]
    for where, text in said:
        if names_patient_in_prose(text, names):
            raise CaseDocumentError(f"{where} of the case names the patient.", "Take the name or number out of it.")


def _made(
    making: Making,
    folder: Path,
    names: frozenset[str],
    ctx: JobContext,
    decoders: Decoders | None,
    *,
    signed_off: bool,
) -> Case:
    """Write images, findings and truth into a folder and return the case about them, which has no id yet."""
    draft, volume, prior = making.draft, making.volume, making.prior
    deidentifier = Deidentifier()
    share = 0.7 if prior is None else 0.35
    faces = any(leaves_a_face(scan) for scan in (volume, *([prior.volume] if prior is not None else [])))
    own = export_series(
        volume, folder / "dicom", deidentifier, ctx.part(0.0, share), decoders, signed_off=signed_off, faces=faces
    )
    found = [_without_names(f, deidentifier, names) for f in making.findings]
    model = next((f.source for f in found if f.source.kind is SourceKind.MODEL), making.model)
    said = bool(found) or model is not None
    if said:
        write_findings(folder / "findings", own, found, model, recorded=True, compressed=True)
    if making.truth is not None:
        truth = [_without_names(f, deidentifier, names) for f in making.truth.lesions]
        write_findings(folder / "truth", own, truth, None, compressed=True)
    before = None
    if prior is not None and any(step.view.comparison is not Comparison.OFF for step in draft.steps):
        one_series = prior.volume.series.series_uid == volume.series.series_uid
        its = deidentifier.for_second_of_series() if one_series else deidentifier
        before = _prior(prior, folder, its, names, ctx.part(share, 2 * share), decoders, signed_off=signed_off)
    results = tuple(_result(result, own, folder, deidentifier, names) for result in making.results)
    kept = {result.model_id for result in results}
    steps = tuple(
        evolve(step, view=_told(_of_models(step.view, kept), volume, own, compared=before is not None))
        for step in draft.told
    )
    _bring_pictures(making, folder)
    synthetic = volume.series.synthetic
    return Case(
        id="case",
        title=draft.title.strip() or steps[0].title,
        summary=draft.summary.strip(),
        body_part=own.series.body_part or _part_told(volume),
        provenance=Provenance(
            made_by=f"{NAME} {program_version()}",
            licence="",
            synthetic=synthetic,
            recipe="" if synthetic else "De-identified by profile: allowed attributes alone, new UIDs, moved dates",
        ),
        folder=str(folder),
        series_path="dicom",
        series_uid=own.series.series_uid,
        series_sha256=volume_sha256(own) or "",
        steps=steps,
        findings_path="findings" if said else "",
        truth_path="truth" if making.truth is not None else "",
        model_id=model.model_id if model is not None else "",
        prior=before,
        results=results,
    )


def _bring_pictures(making: Making, folder: Path) -> None:
    """Copy the pictures that narrations name; of one that is not there the description stays."""
    for name in dict.fromkeys(name for step in making.draft.steps for name in pictures_named(step.narration)):
        source = making.pictures / name if making.pictures is not None else None
        if source is not None and source.is_file() and not source.is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)


def _result(
    result: ModelResult, volume: Volume, folder: Path, deidentifier: Deidentifier, names: frozenset[str]
) -> RecordedResult:
    """Write what a model said beside the case, in a folder that is called by the model's id."""
    found = [_without_names(f, deidentifier, names) for f in result.findings]
    place = f"results/{''.join(c if c.isalnum() else '-' for c in result.model_id)}"
    source = next((f.source for f in found), None)
    write_findings(folder / place, volume, found, source, recorded=True, compressed=True)
    return RecordedResult(result.model_id, result.name, place, result.threshold)


def _of_models(view: ViewState, known: set[str]) -> ViewState:
    """Return a view that compares two models only where the case has what both said."""
    if view.models is None or known >= set(view.models):
        return view
    return evolve(view, models=None, comparison=Comparison.OFF)


def _prior(
    prior: PriorScan,
    folder: Path,
    deidentifier: Deidentifier,
    names: frozenset[str],
    ctx: JobContext,
    decoders: Decoders | None,
    *,
    signed_off: bool,
) -> Prior:
    made = export_series(prior.volume, folder / "prior", deidentifier, ctx, decoders, signed_off=signed_off)
    found = [_without_names(f, deidentifier, names) for f in prior.findings]
    if found:
        model = next((f.source for f in found if f.source.kind is SourceKind.MODEL), None)
        write_findings(folder / "prior_findings", made, found, model, recorded=True, compressed=True)
    return Prior(
        series_path="prior",
        series_uid=made.series.series_uid,
        series_sha256=volume_sha256(made) or "",
        title=prior.titles[1],
        own_title=prior.titles[0],
        findings_path="prior_findings" if found else "",
        shift_mm=prior.alignment.shift_mm,
        turned=prior.alignment.turned,
    )


def _part_told(volume: Volume) -> str:
    """Return what a scan without the tag is of, by its descriptions or its lungs; "" where they do not tell."""
    part = body_part(volume)
    return "" if part is BodyPart.OTHER else part.value.upper()


def _without_names(finding: Finding, deidentifier: Deidentifier, names: frozenset[str]) -> Finding:
    """Return a finding that names neither the patient nor its reader, under an identifier of the new series."""
    return evolve(
        finding,
        tracking_uid=deidentifier.uid(finding.tracking_uid),
        label=masked_text(finding.label, names),
        source=_nobody(finding.source),
    )


def _nobody(source: Source) -> Source:
    return evolve(source, name="A reader") if source.kind is SourceKind.READER else source


def _told(view: ViewState, source: Volume, volume: Volume, *, compared: bool) -> ViewState:
    """Return a view of the new series, in which 3D shows no face; its lookup tables have names of their own."""
    names = [table.name for table in source.luts]
    lut = ""
    if view.lut in names:
        if len(volume.luts) != len(names):
            raise CaseDocumentError(
                "A step is seen through a lookup table that cannot be carried along.", "Choose a window for it."
            )
        lut = volume.luts[names.index(view.lut)].name
    look = allowed_preset(volume, view.preset_3d, masked=True)
    preset = view.preset_3d if look is None else look.name
    comparison = view.comparison if compared or view.models is not None else Comparison.OFF
    return evolve(view, series_uid=volume.series.series_uid, preset_3d=preset, comparison=comparison, lut=lut)


def _free_name(cases: Path, title: str) -> str:
    """Return the name of a folder made of a title's words, which has been found to name nobody."""
    words = "-".join(
        part for word in words_of(title) if (part := "".join(c for c in word if c.isascii() and c.isalnum()))
    )
    name = words[:_LONGEST_NAME].strip("-") or "case"
    name = f"case-{name}" if objection(name) else name
    taken = {path.name.casefold() for path in cases.iterdir()}
    number, free = 2, name
    while free.casefold() in taken:
        number, free = number + 1, f"{name}-{number}"
    return free


def _card(volume: Volume, findings: Sequence[Finding], case: Case) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Return the picture on the case's card: a plane through the first finding told, filled by the body, no outline."""
    told = next((step.view for step in case.steps if step.view.selected_finding), case.steps[0].view)
    plane = told.main.plane or PlaneName.AXIAL
    view = evolve(
        view_of_volume(volume),
        cursor_lps_mm=as_point(told.cursor_lps_mm),
        window_centre=told.window_centre,
        window_width=told.window_width,
        overlay=OverlayMode.OFF,
    )
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    axes = PLANE_AXES[plane]
    across, down = (int(np.argmax(np.abs(axis))) for axis in (axes.right, axes.down))
    width_mm, height_mm = (float(bounds[axis, 1] - bounds[axis, 0]) for axis in (across, down))
    height_mm = max(height_mm, width_mm * CARD_PX[1] / CARD_PX[0]) * 1.02
    view = view.with_plane(plane, evolve(view.plane(plane), height_mm=height_mm))
    pixels = PlaneRenderer().render(volume, view, plane, *CARD_PX).pixels
    return np.asarray(pixels[: CARD_PX[1], : CARD_PX[0]], dtype=np.uint32)
