"""`casestage case check` and `casestage case new`: whether a case can be shown, and a first draft of one."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.analysis.body_part import BodyPart, body_part
from viewer.cli.models import find_model, with_anyway
from viewer.cli.report import Report
from viewer.cli.series import chosen_series
from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.count_words import count_words
from viewer.domain.draft import Draft
from viewer.domain.errors import (
    CancelledError,
    CaseDocumentError,
    CaseStageError,
    ModelRefusedError,
    SignOffError,
    StorageError,
    WrongStepError,
)
from viewer.domain.geometry import Verdict
from viewer.inference.manifest import card
from viewer.inference.recalled import run_or_recall
from viewer.inference.run_records import RunRecords
from viewer.io.atomic_file import storage_error
from viewer.io.case_document import missing_paths, read_case, write_case
from viewer.io.pack_names import objection
from viewer.io.staging import BESIDE, staging
from viewer.io.whose_images import named_patients
from viewer.services.case_checks import Objection, objections_to_findings, objections_to_words
from viewer.services.case_saving import Making, save_case
from viewer.services.cases import can_be_presented, case_of, case_state
from viewer.services.exporting import check_folder
from viewer.services.first_draft import first_draft
from viewer.services.loading import load_case, load_series
from viewer.services.places import case_folders, run_records_folder
from viewer.services.truth_beside import truth_or_why_not
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    import argparse

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case


def check(arguments: argparse.Namespace) -> int:
    """Say what is wrong with a case; 1 where something keeps it from being told as it was meant."""
    ctx = progress_context()
    title, found = arguments.case, list[Objection]()
    try:
        case = case_of(arguments.case, case_folders())
    except CaseDocumentError as error:
        # One that is not there is a mistake of whoever typed it, not of the case.
        if not (Path(arguments.case) / "case.json").exists():
            raise
        found = [Objection("Document", error.sentence, error.hint)]
    else:
        title = case.title
        found = _objections(case, ctx)
    grave = [one for one in found if one.grave]
    if arguments.json:
        rows = [{"where": o.where, "what": o.sentence, "hint": o.hint, "grave": o.grave} for o in found]
        say_json({"title": title, "ok": not grave, "objections": rows})
        return 1 if grave else 0
    say(title)
    for one in found:
        say(f"{'NOT ' if one.grave else 'note'} {one.where}: {one.sentence}")
        if one.hint:
            say(f"       {one.hint}")
    say(_verdict(found))
    return 1 if grave else 0


def _verdict(found: list[Objection]) -> str:
    grave = sum(one.grave for one in found)
    rest = len(found) - grave
    if grave:
        return f"{count_words(grave, 'thing')} to mend" + (
            f", {count_words(rest, 'thing')} to think about" if rest else ""
        )
    return f"Fine, {count_words(rest, 'thing')} to think about" if rest else "Fine"


def _objections(case: Case, ctx: JobContext) -> list[Objection]:
    missing = missing_paths(case)
    if not can_be_presented(case_state(case)) and missing:
        return [Objection("Files", f"“{missing[0]}” is not there.", "Copy the whole case folder again.")]
    try:
        loaded = load_case(case, ctx)
    except CancelledError:
        raise
    except CaseStageError as error:
        where = "Document" if isinstance(error, WrongStepError) else "Pictures"
        return [Objection(where, error.sentence, error.hint)]
    found = []
    folder = Path(case.folder)
    files = [path for name in _series(case) for path in sorted((folder / name).rglob("*")) if path.is_file()]
    try:
        named_patients(case.title, files, ctx)
    except CancelledError:
        raise
    except CaseStageError as error:
        found.append(Objection("Identity", error.sentence, error.hint))
    if not case.series_sha256:
        hint = "Save it anew: then pictures that were changed are noticed."
        found.append(Objection("Pictures", "The document holds no hash of their values.", hint, grave=False))
    # Qt is loaded only where something is laid out.
    from viewer.ui.leaving.card_clear import covered

    return [*found, *objections_to_words(loaded), *objections_to_findings(loaded), *covered(loaded)]


def _series(case: Case) -> list[str]:
    names = [case.series_path, case.prior.series_path if case.prior is not None else ""]
    return [name for name in names if name and (Path(case.folder) / name).is_dir()]


def new(arguments: argparse.Namespace) -> int:
    """Make a case of a CT and of what a model finds in it: a first draft of its story, without its patient."""
    out = Path(arguments.out)
    _check_free(out)
    check_folder(out.absolute().parent)
    manifest = find_model(arguments.model)
    entries, _ = chosen_series(Path(arguments.path), arguments.series)
    if not entries:
        raise CaseStageError("There is no series here that a case could be made of.")
    ctx = progress_context()
    entry = max(entries, key=lambda e: e.count)
    volume = load_series(entry, ctx.part(0.0, 0.3))
    if not volume.source_uids:
        raise CaseDocumentError("Only DICOM CT can be made into a case.", "Name a folder of DICOM files.")
    told = Report(arguments)
    if volume.verdict is not Verdict.OK:
        for reason in volume.reasons:
            told.note(f"Geometry {volume.verdict}: {reason}")
    truth, why_not = truth_or_why_not(entry, volume)
    if why_not is not None:
        told.note(why_not.sentence)
    records = RunRecords(run_records_folder())
    try:
        result = run_or_recall(manifest, volume, ctx.part(0.3, 0.6), records, anyway=arguments.anyway)
    except ModelRefusedError as error:
        raise with_anyway(error) from error
    view = evolve(view_of_volume(volume), threshold=card(manifest).default_threshold)
    steps = first_draft(volume, result.findings, truth, view)
    first = next((step.id for step in steps if step.id.startswith("finding-")), "")
    shown = sum(f.score is None or f.score >= view.threshold for f in result.findings)
    draft = Draft(
        uuid.uuid4().hex,
        volume.series.series_uid,
        title=arguments.title or _title(volume, shown),
        summary=arguments.summary,
        steps=steps,
        hidden_until=first,
    )
    found = tuple(sorted(result.findings, key=lambda f: f.order))
    making = Making(draft, volume, found, truth, model=card(manifest).source)
    case = _saved(making, out, ctx.part(0.6, 1.0), looked_at=arguments.images_looked_at)
    told.say(f"{case.title}: {count_words(len(case.steps), 'step')}, {count_words(shown, 'finding')}")
    told.say(f"Written to {arguments.out}, without the patient. Not for diagnostic use.")
    told.say(f"Look at it: casestage case check {arguments.out}")
    told.finish(
        id=case.id,
        title=case.title,
        folder=arguments.out,
        steps=len(case.steps),
        findings=shown,
        not_for_diagnostic_use=True,
    )
    return 0


def _check_free(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError(f"{out.name} is there already.", "Name a folder that is not there yet.")


def _title(volume: Volume, shown: int) -> str:
    part = body_part(volume)
    what = "A CT" if part is BodyPart.OTHER else f"CT of the {part.value}"
    return f"{what}, {count_words(shown, 'finding') if shown else 'nothing found'}"


def _saved(making: Making, out: Path, ctx: JobContext, *, looked_at: bool) -> Case:
    """Save a case beside its place, and move it there whole; the folder's name is its id."""
    try:
        with staging(out.absolute().parent / BESIDE) as aside:
            made = save_case(making, aside / "cases", ctx, signed_off=looked_at)
            write_case(Path(made.folder), evolve(made, id=_id(out.name)))
            # Another program may have made one meanwhile.
            _check_free(out)
            if out.is_dir():
                out.rmdir()
            os.replace(made.folder, out)
    except SignOffError as error:
        hint = "Look at the images in the window. Where they may be passed on as they are: --images-looked-at."
        raise SignOffError(error.sentence, hint, error.detail) from error
    except OSError as error:
        raise storage_error("The case", error) from error
    return read_case(out)


def _id(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:48] or "case"
    return f"case-{made}" if objection(made) else made
