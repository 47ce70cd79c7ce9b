"""`casestage models` and `casestage run`: the models on this machine, and running one without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.report import Report
from viewer.cli.series import chosen_series
from viewer.cli.terminal import complain, progress_context, say, say_json
from viewer.domain.errors import CaseStageError, ManifestError, ModelRefusedError, NothingToOpenError
from viewer.domain.finding import Localisation
from viewer.domain.geometry import Verdict
from viewer.inference.installed import installed_models
from viewer.inference.manifest import MANIFEST_NAME, Manifest, card, read_manifest
from viewer.inference.recalled import run_or_recall
from viewer.inference.run_records import RunRecords
from viewer.services.exporting import check_folder, write_outputs
from viewer.services.loading import load_series
from viewer.services.places import model_folders, run_records_folder

if TYPE_CHECKING:
    import argparse

    from viewer.inference.result import RunResult

_KNOWN = {
    Localisation.BOX: "a box around it",
    Localisation.MAP: "where the model looked",
    Localisation.SLICES: "its place in them is not known",
    Localisation.SERIES: "no place is known",
}

_TOLD = ("id", "label", "score", "probability", "volume_ml", "long_axis_mm")


def _installed() -> tuple[list[Manifest], list[CaseStageError]]:
    found = installed_models(model_folders())
    return [m for m in found if isinstance(m, Manifest)], [m for m in found if isinstance(m, CaseStageError)]


def list_models(arguments: argparse.Namespace) -> int:
    """Print the models on this machine."""
    manifests, problems = _installed()
    cards = [card(m) for m in manifests]
    if arguments.json:
        keys = ("id", "name", "version", "task", "synthetic_only")
        say_json({"models": [{key: getattr(c, key) for key in keys} for c in cards]})
    else:
        for c in cards:
            say(f"{c.id}  {c.name} {c.version}")
            say(f"  {c.task}" + (", rules" if c.rules else "") + (", synthetic data only" if c.synthetic_only else ""))
            say(f"  {c.intended_use}")
    for problem in problems:
        complain(problem)
    return 1 if problems else 0


def find_model(name: str) -> Manifest:
    """Return a model by its id, or from a folder.

    Raises
    ------
    ManifestError
        When there is none.
    """
    place = Path(name)
    folder = place.parent if _is_file(place) else place
    if name and (folder / MANIFEST_NAME).exists():
        return read_manifest(folder)
    if _is_file(place):
        raise ManifestError(
            f"There is no manifest (model.toml) beside {place.name}, so nothing is known about what to feed it.",
            f"Let one be proposed: casestage models propose {place.name} --out FOLDER",
        )
    manifests, _ = _installed()
    for manifest in manifests:
        if card(manifest).id == name:
            return manifest
    if "/" in name and place.is_dir():
        return read_manifest(place)
    known = ", ".join(card(m).id for m in manifests)
    raise ManifestError(f"There is no model called “{name}” here.", f"Models on this machine: {known}.")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def with_anyway(error: ModelRefusedError) -> ModelRefusedError:
    """Return a model's refusal with what to type to run it all the same."""
    hint = "Add --anyway to run it all the same; what it then finds may mean nothing."
    return ModelRefusedError(error.sentence, hint, error.detail)


def run(arguments: argparse.Namespace) -> int:
    """Run a model on a series and write findings.json, SEG and SR."""
    manifest = find_model(arguments.model)
    entries, _ = chosen_series(Path(arguments.path), arguments.series)
    usable = [e for e in entries if e.count > 1] or entries
    told = Report(arguments)
    if len(usable) > 1:
        usable = sorted(usable, key=lambda e: -e.count)
        told.note(f"{len(usable)} series here; the one with the most images is used. Choose another with --series UID.")
    if not usable:
        raise NothingToOpenError("There is no series here that a model could run on.")
    out = Path(arguments.out)
    check_folder(out)
    context = progress_context()
    volume = load_series(usable[0], context)
    if volume.verdict is not Verdict.OK:
        for reason in volume.reasons:
            told.note(f"Geometry {volume.verdict}: {reason}")
    records = RunRecords(run_records_folder())
    try:
        result = run_or_recall(
            manifest,
            volume,
            context,
            records,
            again=not arguments.recorded,
            anyway=arguments.anyway,
            processor_alone=arguments.processor,
        )
    except ModelRefusedError as error:
        raise with_anyway(error) from error
    written = write_outputs(
        out,
        volume,
        result.findings,
        card(manifest).source,
        recorded=result.recorded,
        case_scores=result.case_scores,
    )
    _tell_result(result, told)
    for note in written.notes:
        told.note(note)
    told.say(f"Written to {arguments.out}: {', '.join(path.name for path in written.files)}. Not for diagnostic use.")
    model = card(manifest)
    told.finish(
        model={"id": model.id, "name": model.name, "version": model.version},
        series=volume.series.series_uid,
        folder=arguments.out,
        files=[path.name for path in written.files],
        recorded=result.recorded,
        findings=[{key: getattr(finding, key) for key in _TOLD} for finding in result.findings],
        case_scores=[{"label": s.label, "score": s.score, "probability": s.probability} for s in result.case_scores],
        not_for_diagnostic_use=True,
    )
    return 0


def _tell_result(result: RunResult, told: Report) -> None:
    if result.recorded:
        told.say(f"Recorded on {result.recorded_on}, not computed now.")
    for note in (*result.notes, result.comparison):
        if note:
            told.note(note)
    for finding in result.findings:
        score = f"score {finding.score:.2f}  " if finding.score is not None else ""
        chance = f"probability {finding.probability:.0%}  " if finding.probability is not None else ""
        volume_ml = f"{finding.volume_ml:.2f} mL  " if finding.volume_ml is not None else ""
        axis = ""
        if finding.long_axis_mm is not None and finding.short_axis_mm is not None:
            axis = f"{finding.long_axis_mm:.1f} × {finding.short_axis_mm:.1f} mm  "
        on = (
            f"slices {finding.slices_k[0] + 1} to {finding.slices_k[1] + 1}" if finding.slices_k else "the whole series"
        )
        known = "" if finding.localisation is Localisation.OUTLINE else f" ({_KNOWN[finding.localisation]})"
        told.say(f"{finding.label}: {score}{chance}{volume_ml}{axis}{on}{known}")
    for scored in result.case_scores:
        chance = f", probability {scored.probability:.0%}" if scored.probability is not None else ""
        told.say(f"Case, {scored.label}: score {scored.score:.2f}{chance}")
    if not result.findings:
        told.say("The model ran and reported nothing.")
