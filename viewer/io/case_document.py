"""`case.json`: a curated case as a document that a person can read, and that no other program can surprise.

A case is a folder that is carried as one: `case.json`, the pictures, and beside them `findings/` and `truth/` in the
format of `findings_file`. Every path in the document stays inside that folder.
"""

from __future__ import annotations

import math
import re
from pathlib import Path, PurePosixPath
from typing import Any

from attrs import evolve, frozen

from viewer.domain.errors import CaseDocumentError
from viewer.domain.geometry import PlaneName
from viewer.domain.overlay_look import MapLook
from viewer.domain.view_state import MOST_PATH_POINTS, Comparison
from viewer.domain.volume import Window
from viewer.domain.walkthrough import NOW, Case, Prior, Provenance, RecordedResult, Step
from viewer.io.atomic_file import write_atomically
from viewer.io.step_checks import LONGEST_SUMMARY, LONGEST_TEXTS, check_acts, check_places, check_words
from viewer.io.strict_json import WrongJsonError, json_text, parse_json, read_json, structure, unstructure

CASE_FORMAT = "casestage case"
CASE_VERSION = 1
DOCUMENT = "case.json"
_COLOUR = re.compile("(#[0-9A-Fa-f]{6})?")
_CORRECT = "Correct that, and keep it again."
_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST_NAME, _LONGEST_PATH = 255, 1000
_LONGEST_MAKING_S = 86_400.0
_MOST_STEPS = 1000


@frozen
class _CaseDocument:
    format: str
    version: int
    id: str
    title: str
    summary: str
    body_part: str
    provenance: Provenance
    series_path: str
    series_uid: str
    series_sha256: str
    steps: tuple[Step, ...]
    not_for_diagnostic_use: bool = True
    findings_path: str = ""
    truth_path: str = ""
    model_id: str = ""
    thumbnail_path: str = ""
    prior: Prior | None = None
    recipe_path: str = ""
    making_s: float = 0.0
    results: tuple[RecordedResult, ...] = ()


def read_case(folder: Path) -> Case:
    """Return the case of a folder; that its pictures and findings exist is for `missing_paths` to say.

    Raises
    ------
    CaseDocumentError
        When there is no `case.json`, it is from a newer version, or it holds anything unexpected.
    """
    name = folder.name
    try:
        stored = read_json(folder / DOCUMENT)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CaseDocumentError(
            f"“{name}” is not a case: it holds no {DOCUMENT}.", "Choose the folder that holds it."
        ) from error
    except OSError as error:
        raise CaseDocumentError(
            f"The case “{name}” cannot be read.",
            "Check that you may read its folder.",
            error.strerror or type(error).__name__,
        ) from error
    except WrongJsonError as error:
        raise _damaged(name, str(error)) from error
    try:
        _check_version(stored, name)
        document = structure(stored, _CaseDocument)
        case = _case(document, folder)
        _check(case)
    except WrongJsonError as error:
        raise _damaged(name, str(error)) from error
    return case


def write_case(folder: Path, case: Case) -> None:
    """Write `case.json` into a folder; positions are rounded to 0.01 mm.

    Raises
    ------
    CaseDocumentError
        When the case could not be read back: a path that leaves the folder, steps of one name.
    StorageError
        When it cannot be written.
    """
    try:
        _check(evolve(case, folder=str(folder)))
    except WrongJsonError as error:
        raise CaseDocumentError(f"The case “{case.title}” cannot be kept: {error}.", _CORRECT) from error
    document = _CaseDocument(
        format=CASE_FORMAT,
        version=CASE_VERSION,
        id=case.id,
        title=case.title,
        summary=case.summary,
        body_part=case.body_part,
        provenance=case.provenance,
        series_path=case.series_path,
        series_uid=case.series_uid,
        series_sha256=case.series_sha256,
        steps=case.steps,
        findings_path=case.findings_path,
        truth_path=case.truth_path,
        model_id=case.model_id,
        thumbnail_path=case.thumbnail_path,
        prior=case.prior,
        recipe_path=case.recipe_path,
        making_s=case.making_s,
        results=case.results,
    )
    text = json_text(_rounded(_brief(unstructure(document))))
    try:
        # What is above 0 may be 0 once it is rounded.
        _check(_case(structure(parse_json(text), _CaseDocument), folder))
    except WrongJsonError as error:
        raise CaseDocumentError(f"The case “{case.title}” cannot be kept: {error}.", _CORRECT) from error
    write_atomically(folder / DOCUMENT, text.encode("utf-8"), "The case")


def missing_paths(case: Case) -> tuple[str, ...]:
    """Return the paths that a case names and that are not there, relative to its folder.

    Where pictures are made from a recipe, it is the recipe that has to be there.
    """
    folder = Path(case.folder)
    named = [case.series_path, case.findings_path, case.truth_path, case.thumbnail_path]
    if to_be_made(case, case):
        named[0] = case.recipe_path
    if case.prior is not None:
        made = to_be_made(case, case.prior)
        named += [case.prior.recipe_path if made else case.prior.series_path, case.prior.findings_path]
    named += [result.findings_path for result in case.results]
    return tuple(path for path in named if path and not (folder / path).exists())


def series_of(case: Case) -> tuple[Case | Prior, ...]:
    """Return who names pictures: the case, and its prior where there is one."""
    return (case,) if case.prior is None else (case, case.prior)


def to_be_made(case: Case, named: Case | Prior) -> bool:
    """Return whether the pictures of a case or its prior are made from a recipe, not being in its folder."""
    return bool(named.recipe_path) and not (Path(case.folder) / named.series_path).exists()


def _damaged(name: str, what: str) -> CaseDocumentError:
    return CaseDocumentError(
        f"The case “{name}” cannot be read: {what}.", f"Correct {DOCUMENT}, or copy the case again."
    )


def _check_version(stored: Any, name: str) -> None:
    if not isinstance(stored, dict) or stored.get("format") != CASE_FORMAT:
        raise WrongJsonError(f'it does not say "format": "{CASE_FORMAT}"')
    version = stored.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise WrongJsonError("“version” must be a whole number from 1")
    if version > CASE_VERSION:
        raise CaseDocumentError(
            f"The case “{name}” was made by a newer CaseStage.",
            "Install the newest CaseStage to open it.",
            f"document version {version}, this program reads up to {CASE_VERSION}",
        )


def _case(document: _CaseDocument, folder: Path) -> Case:
    return Case(
        id=document.id,
        title=document.title,
        summary=document.summary,
        body_part=document.body_part,
        provenance=document.provenance,
        folder=str(folder),
        series_path=document.series_path,
        series_uid=document.series_uid,
        series_sha256=document.series_sha256,
        steps=document.steps,
        findings_path=document.findings_path,
        truth_path=document.truth_path,
        model_id=document.model_id,
        thumbnail_path=document.thumbnail_path,
        prior=document.prior,
        recipe_path=document.recipe_path,
        making_s=document.making_s,
        results=document.results,
    )


def check_case(case: Case) -> None:
    """Make sure that a case says nothing that no document may say.

    Raises
    ------
    WrongJsonError
        With the reason.
    """
    _check(case)


def _check(case: Case) -> None:
    for key, value in (("id", case.id), ("title", case.title), ("series_uid", case.series_uid)):
        if not value.strip():
            raise WrongJsonError(f"“{key}” is empty")
    for key, text, most in (
        ("title", case.title, LONGEST_TEXTS["title"]),
        ("summary", case.summary, LONGEST_SUMMARY),
        ("id", case.id, _LONGEST_NAME),
    ):
        if len(text) > most:
            raise WrongJsonError(f"“{key}” has more than {most} characters")
    if len(case.steps) > _MOST_STEPS:
        raise WrongJsonError(f"“steps” has more than {_MOST_STEPS}")
    if not case.series_path:
        raise WrongJsonError("“series_path” is empty")
    for key in ("series_path", "findings_path", "truth_path", "thumbnail_path", "recipe_path"):
        _check_inside(Path(case.folder), getattr(case, key), key)
    if not 0 <= case.making_s <= _LONGEST_MAKING_S:
        raise WrongJsonError(f"“making_s” must lie between 0 and {_LONGEST_MAKING_S:g}")
    for key, named in (("", case), ("prior.", case.prior)):
        if named is not None and named.recipe_path and not _SHA256.fullmatch(named.series_sha256):
            raise WrongJsonError(
                f"“{key}series_sha256” must be 64 of 0-9 and a-f: pictures made from a recipe are held against it"
            )
    if case.prior is not None:
        _check_prior(case.prior, Path(case.folder))
    _check_results(case)
    names = [step.id for step in case.steps]
    for number, step in enumerate(case.steps):
        _check_step(step, f"steps[{number}]", case.series_uid)
        if step.view.comparison is not Comparison.OFF and case.prior is None and step.view.models is None:
            raise WrongJsonError(f"steps[{number}].view.comparison: the case has no “prior” to compare with")
        if names.count(step.id) > 1:
            raise WrongJsonError(f"steps[{number}].id: “{step.id}” is the name of another step too")


def _check_results(case: Case) -> None:
    known = [result.model_id for result in case.results]
    for number, result in enumerate(case.results):
        where = f"results[{number}]"
        if not result.model_id.strip() or not result.findings_path:
            raise WrongJsonError(f"“{where}.model_id” or “{where}.findings_path” is empty")
        if known.count(result.model_id) > 1:
            raise WrongJsonError(f"{where}.model_id: “{result.model_id}” is named twice")
        if not 0.0 <= result.threshold <= 1.0:
            raise WrongJsonError(f"{where}.threshold: it must lie between 0 and 1")
        _check_inside(Path(case.folder), result.findings_path, f"{where}.findings_path")
    for number, step in enumerate(case.steps):
        for model in step.view.models or ():
            if model not in known:
                raise WrongJsonError(f"steps[{number}].view.models: the case has no result of “{model}”")


def _check_prior(prior: Prior, folder: Path) -> None:
    if not prior.series_uid.strip() or not prior.series_path:
        raise WrongJsonError("“prior.series_uid” or “prior.series_path” is empty")
    for key in ("series_path", "findings_path", "recipe_path"):
        _check_inside(folder, getattr(prior, key), f"prior.{key}")
    if prior.turned is not None and not abs(math.hypot(*prior.turned) - 1) < 1e-3:
        raise WrongJsonError("prior.turned: it must be a rotation, w x y z of length 1")


def _check_step(step: Step, path: str, series_uid: str) -> None:
    view = step.view
    if view.series_uid != series_uid:
        raise WrongJsonError(f"{path}.view.series_uid: it is not the series of the case")
    heights = [(f"{plane.value}.height_mm", view.plane(plane).height_mm) for plane in PlaneName]
    above_zero = [*heights, ("camera.height_mm", view.camera.height_mm), ("window_width", view.window_width)]
    for key, value in above_zero:
        # As it will be kept.
        if round(value, 2 if key.endswith("_mm") else 6) <= 0:
            raise WrongJsonError(f"{path}.view.{key}: it must be above 0")
    for plane in PlaneName:
        turned = view.plane(plane).turned
        if turned is not None and not abs(math.hypot(*turned) - 1) < 1e-3:
            raise WrongJsonError(f"{path}.view.{plane.value}.turned: it must be a rotation, w x y z of length 1")
    if not Window(view.window_centre, view.window_width).usable:
        raise WrongJsonError(f"{path}.view.window_width: no values lie in a window of this centre and width")
    if view.slab_mm < 0:
        raise WrongJsonError(f"{path}.view.slab_mm: it must not be below 0")
    for key in ("threshold", "fill_opacity", "curtain"):
        if not 0 <= getattr(view, key) <= 1:
            raise WrongJsonError(f"{path}.view.{key}: it must lie between 0 and 1")
    if any(not _COLOUR.fullmatch(look.colour) for look in view.label_looks):
        raise WrongJsonError(f"{path}.view.label_looks: a colour is written #RRGGBB")
    opacities = (view.map_look.opacity, *(look.opacity for look in view.label_looks))
    if not all(0 <= opacity <= 1 for opacity in opacities):
        raise WrongJsonError(f"{path}.view: an opacity of a label or map lies between 0 and 1")
    if any(cut.side not in (-1, 1) for cut in view.cuts_3d):
        raise WrongJsonError(f"{path}.view.cuts_3d: a side is 1 or -1")
    if view.box_3d is not None and any(round(low, 2) >= round(high, 2) for low, high in zip(*view.box_3d, strict=True)):
        raise WrongJsonError(f"{path}.view.box_3d: its first corner must lie below its second")
    if len(view.path_lps_mm) > MOST_PATH_POINTS:
        raise WrongJsonError(f"{path}.view.path_lps_mm: it has more than {MOST_PATH_POINTS} points")
    if view.curved is not None and view.curved.height_mm is not None and round(view.curved.height_mm, 2) <= 0:
        raise WrongJsonError(f"{path}.view.curved.height_mm: it must be above 0")
    if step.duration_s < 0:
        raise WrongJsonError(f"{path}.duration_s: it must not be below 0")
    check_words(step, path)
    check_places(view, f"{path}.view")
    check_acts(step, path)


def _check_inside(folder: Path, path: str, key: str) -> None:
    if not path:
        return
    parts = PurePosixPath(path).parts
    # A backslash or a colon means another place on Windows; documents use forward slashes everywhere.
    outside = path.startswith("/") or "\\" in path or ":" in path or "\0" in path or ".." in parts
    if any(len(part.encode("utf-8")) > _LONGEST_NAME for part in parts) or len(path) > _LONGEST_PATH:
        raise WrongJsonError(f"“{key}” is longer than the name of a file can be")
    try:
        outside = outside or not (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise WrongJsonError(f"“{key}” leads in a circle") from error
    if outside:
        raise WrongJsonError(f"“{key}” leads out of the case's folder")


def _brief(document: Any) -> Any:
    """Return the document without what it says since later and hardly ever needs to."""
    usual_map = unstructure(MapLook())
    if document["prior"] is None:
        del document["prior"]
    for part in (document, document.get("prior", {})):
        for key in ("turned", "recipe_path", "making_s"):
            if key in part and not part[key]:
                del part[key]
    if document.get("prior", {}).get("own_title") == NOW:
        del document["prior"]["own_title"]
    if not document["results"]:
        del document["results"]
    for step in document["steps"]:
        for key in ("question", "sweep", "curtain", "live"):
            if step[key] is None:
                del step[key]
        if "live" in step and not step["live"]["on_key"]:
            del step["live"]["on_key"]
        if "question" in step:
            step["question"] = {key: value for key, value in step["question"].items() if value}
        in_3d = ("table_3d", "cuts_3d", "box_3d", "planes_3d", "labels_3d")
        for key in ("acquired", *in_3d, "path_lps_mm", "curved", "models"):
            if not step["view"][key]:
                del step["view"][key]
        view = step["view"]
        if not view["label_looks"]:
            del view["label_looks"]
        for key, usual in (
            ("slab_mode", "max"),
            ("colours", "grey"),
            ("comparison", "off"),
            ("curtain", 0.5),
            ("lut", ""),
            ("interpolation", "linear"),
            ("map_look", usual_map),
        ):
            if view[key] == usual:
                del view[key]
        for plane in PlaneName:
            if view[plane.value]["turned"] is None:
                del view[plane.value]["turned"]
    return document


def _rounded(value: Any, digits: int = 6) -> Any:
    if isinstance(value, float):
        # Adding zero turns −0.0 into 0.0.
        return round(value, digits) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(part, 2 if key.endswith("_mm") else 6) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part, digits) for part in value]
    return value
