"""Reads how output becomes findings, from `model.toml`, and holds the whole against the task."""

from __future__ import annotations

from viewer.domain.errors import ManifestError
from viewer.inference import manifest as m
from viewer.inference.calibration import Calibration
from viewer.inference.manifest_terms import (
    CaseScore,
    Connectivity,
    FindingScore,
    Mode,
    OutputKind,
    Task,
)
from viewer.inference.strict_table import Table

KEYS: dict[Task, tuple[str, ...]] = {
    Task.SEGMENTATION: ("mask_threshold", "smallest_ml", "connectivity", "merge_distance_mm", "finding_score"),
    Task.DETECTION: ("least_score", "nms_iou", "most_findings"),
    Task.SLICE_CLASSIFICATION: ("least_score", "bridge_slices", "map_threshold", "occlusion_runs", "finding_score"),
    Task.VOLUME_CLASSIFICATION: ("least_score",),
}
_EVERYWHERE = ("case_score", "calibration")
_LEAST_SCORE = {Task.DETECTION: 0.05, Task.SLICE_CLASSIFICATION: 0.5}
_MODES = {
    Task.SEGMENTATION: frozenset(Mode),
    Task.DETECTION: frozenset({Mode.WHOLE, Mode.SLIDING, Mode.WHOLE_OR_SLIDING}),
    Task.SLICE_CLASSIFICATION: frozenset({Mode.SLICES}),
    Task.VOLUME_CLASSIFICATION: frozenset({Mode.WHOLE}),
}


def read_post(top: Table, task: Task, *, rules: bool, kind: OutputKind) -> m.Post:
    """Return how output becomes findings.

    Raises
    ------
    ManifestError
        With the path of the key that is wrong or belongs to another task.
    """
    everything = tuple(dict.fromkeys(key for keys in KEYS.values() for key in keys)) + _EVERYWHERE
    table = top.table("post", everything) if top.has("post") else Table({}, "post", everything)
    for key in everything:
        if table.has(key) and key not in KEYS[task] + _EVERYWHERE:
            raise ManifestError(f"{table.at(key)} does not belong to {task}.", "Remove the key from model.toml.")
    score = table.choice("finding_score", FindingScore, FindingScore.NONE if rules else FindingScore.MAX)
    if (rules or kind is OutputKind.LABEL_MAP) and score is not FindingScore.NONE:
        raise ManifestError(f"{table.at('finding_score')} must be none: rules and label maps have no probability.")
    if task is Task.SLICE_CLASSIFICATION and score not in (FindingScore.MAX, FindingScore.MEAN):
        raise ManifestError(f"{table.at('finding_score')} of slices is max or mean.")
    plain = m.Post()
    return m.Post(
        mask_threshold=table.number("mask_threshold", plain.mask_threshold, least=0, most=1),
        smallest_ml=table.number("smallest_ml", plain.smallest_ml, least=0),
        connectivity=_connectivity(table),
        merge_distance_mm=table.number("merge_distance_mm", plain.merge_distance_mm, least=0, most=1000),
        finding_score=score,
        case_score=table.choice(
            "case_score", CaseScore, CaseScore.NONE if score is FindingScore.NONE else CaseScore.MAX
        ),
        least_score=table.number("least_score", _LEAST_SCORE.get(task, 0.0), least=0, most=1),
        nms_iou=table.number("nms_iou", plain.nms_iou, least=0, most=1),
        most_findings=table.whole("most_findings", plain.most_findings, least=1, most=2000),
        bridge_slices=table.whole("bridge_slices", plain.bridge_slices, most=100),
        map_threshold=table.number("map_threshold", plain.map_threshold, least=0.01, most=1),
        occlusion_runs=table.whole("occlusion_runs", plain.occlusion_runs, most=100_000),
        calibration=_calibration(table),
    )


def _connectivity(table: Table) -> Connectivity:
    value = table.raw("connectivity") if table.has("connectivity") else 26
    for member in Connectivity:
        if (isinstance(value, int) and str(value) == member) or (member is Connectivity.LABEL and value == member):
            return member
    raise table.wrong("connectivity", '6, 18, 26 or "label"')


def _calibration(post: Table) -> Calibration | None:
    if not post.has("calibration"):
        return None
    table = post.table("calibration", ("scores", "probabilities", "how"))
    value = table.raw("scores")
    count = len(value) if isinstance(value, list) else 0
    if not 2 <= count <= 1000:
        raise table.wrong("scores", "a list of 2 to 1000 growing numbers")
    scores = table.numbers("scores", count, least=0, most=1)
    if any(b <= a for a, b in zip(scores, scores[1:], strict=False)):
        raise table.wrong("scores", "a list of growing numbers")
    probabilities = table.numbers("probabilities", count, least=0, most=1)
    if any(b < a for a, b in zip(probabilities, probabilities[1:], strict=False)):
        raise table.wrong("probabilities", "a list of numbers that do not fall")
    return Calibration(scores, probabilities, table.text("how"))


def check_task(
    task: Task, image: m.InputTensor, inference: m.Inference, outputs: tuple[m.OutputTensor, ...], labels: int
) -> None:
    """Hold what goes in, how it goes through and what comes out against the task.

    Raises
    ------
    ManifestError
        With the path of the key that does not fit.
    """
    at = f"input.{image.name}"
    if task is Task.SLICE_CLASSIFICATION and "D" in image.layout:
        raise ManifestError(f"{at}.layout: slices go in one by one or as a batch, so {image.layout} must have no D.")
    if task in (Task.DETECTION, Task.VOLUME_CLASSIFICATION) and "D" not in image.layout:
        raise ManifestError(f"{at}.layout: {task} takes a volume, and {image.layout} has no D.")
    if image.size is not None and task not in (Task.SLICE_CLASSIFICATION, Task.VOLUME_CLASSIFICATION):
        raise ManifestError(
            f"{at}.size: {task} looks at the whole volume; use inference.patch for a model of one size."
        )
    if inference.mode not in _MODES[task]:
        allowed = ", ".join(sorted(_MODES[task]))
        raise ManifestError(f"inference.mode: {task} goes through as {allowed}, not {inference.mode}.")
    if inference.flips and task is not Task.SEGMENTATION:
        raise ManifestError(f"inference.flips is for segmentation, not for {task}.")
    if inference.batch != 1 and task is not Task.SEGMENTATION:
        raise ManifestError(f"inference.batch: {task} takes one patch at a time; slices go by inference.slab.")
    if task is Task.DETECTION:
        scores = next(o for o in outputs if o.kind is OutputKind.BOX_SCORES)
        named = any(o.kind is OutputKind.BOX_LABELS for o in outputs)
        if named and "C" in scores.layout:
            raise ManifestError(f"output.{scores.name}.layout: scores of each class need no tensor of box-labels.")
        if not named and "C" not in scores.layout and labels > 1:
            raise ManifestError("output: nothing tells which of several labels a box has.", "Add box-labels.")
        boxes = next(o for o in outputs if o.box is not None)
        if boxes.box is not None and boxes.box.frame == "mm" and image.spacing_mm is None:
            raise ManifestError(f"output.{boxes.name}.frame: mm needs input.{image.name}.spacing_mm in numbers.")
