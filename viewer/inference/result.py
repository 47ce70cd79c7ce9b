"""What a run of a model gave: findings with all their numbers, and the scores of the case."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.domain.errors import ModelError
from viewer.domain.finding import CaseScored, Finding, Localisation, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.inference.manifest_terms import LOGITS, CaseScore, Task
from viewer.inference.marks import Mark
from viewer.inference.probability_map import PackedMap, unpacked_map

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from viewer.domain.overlays import ValueMap
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Label, Manifest


@frozen(eq=False)
class RunResult:
    """What a model said of a volume.

    Attributes
    ----------
    findings
        Best first.
    marks, raw_scores
        What they were made from, to be kept: marks, and the case's score by label key.
    provider
        What it ran on, in words.
    notes
        What the user should be told, a sentence each.
    recorded_at
        When it was computed, ISO 8601, where it is shown from the record; "" for a run just made.
    probabilities
        The map that outlines were cut from, packed; None where it was not kept, or there is none.
    comparison
        How it differs from the recorded result, in a sentence; "" where there was none to compare with.
    """

    findings: tuple[Finding, ...]
    case_scores: tuple[CaseScored, ...]
    marks: tuple[Mark, ...]
    raw_scores: Mapping[str, float]
    provider: str
    notes: tuple[str, ...]
    seconds: float
    recorded_at: str = ""
    comparison: str = ""
    probabilities: PackedMap | None = None
    model_name: str = ""

    @property
    def value_map(self) -> ValueMap | None:
        """The map of probabilities that the findings were cut from, where there is one."""
        return None if self.probabilities is None else unpacked_map(self.probabilities, self.model_name)

    @property
    def recorded(self) -> bool:
        """True where nothing was computed now."""
        return bool(self.recorded_at)

    @property
    def recorded_on(self) -> str:
        """The day on which it was recorded, by the clock of here: "2026-11-29"; "" where all was computed now."""
        try:
            return datetime.fromisoformat(self.recorded_at).astimezone().date().isoformat()
        except (ValueError, OverflowError):
            return self.recorded_at[:10]


def result_of(
    manifest: Manifest,
    volume: Volume,
    marks: Iterable[Mark],
    raw_scores: Mapping[str, float],
    *,
    provider: str,
    notes: tuple[str, ...] = (),
    seconds: float,
    recorded_at: str = "",
    probabilities: PackedMap | None = None,
) -> RunResult:
    """Return the result that marks and scores make; fields as in `RunResult`.

    Raises
    ------
    ModelError
        When a mark has a label that the manifest does not have.
    """
    kept = tuple(marks)
    findings = []
    met: Counter[str] = Counter()
    for mark in kept:
        identity = _identity(manifest, volume, mark)
        met[identity] += 1
        # Boxes of two sizes may lie around one place; what a reader says of one is not said of the other.
        unlike = identity if met[identity] == 1 else f"{identity}|{met[identity]}"
        findings.append(_finding(manifest, volume, mark, unlike, recorded=bool(recorded_at)))
    scored = []
    for label in manifest.labels:
        if label.key in raw_scores and manifest.post.case_score is not CaseScore.NONE:
            score = raw_scores[label.key]
            probability, how = _probability(manifest, score)
            scored.append(CaseScored(label.key, label.name, score, probability, how))
    return RunResult(
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        case_scores=tuple(scored),
        marks=kept,
        raw_scores=dict(raw_scores),
        provider=provider,
        notes=notes,
        seconds=seconds,
        recorded_at=recorded_at,
        probabilities=probabilities,
        model_name=manifest.name,
    )


def _probability(manifest: Manifest, score: float | None) -> tuple[float | None, str]:
    """Return a score as a probability and how that was obtained; None and "" where nobody measured it."""
    if score is None:
        return None, ""
    table = manifest.post.calibration
    if table is not None:
        return round(table.probability(score), 6), table.how
    output = manifest.output
    # Of a class, the calibrated output is the probability itself; of voxels it says nothing about a lesion.
    classes = manifest.task in (Task.SLICE_CLASSIFICATION, Task.VOLUME_CLASSIFICATION)
    if classes and output.calibration and (output.kind not in LOGITS or output.temperature != 1.0):
        return score, output.calibration
    return None, ""


def _identity(manifest: Manifest, volume: Volume, mark: Mark) -> str:
    """Return what a finding is told by, the same whenever the model is run on these voxels."""
    centre = ",".join(f"{value:.2f}" for value in mark.centre_lps_mm)
    kind = "" if mark.localisation is Localisation.OUTLINE else f"|{mark.localisation}"
    return f"{volume.series.series_uid}|{manifest.id}|{mark.label_key}|{centre}{kind}"


def _finding(manifest: Manifest, volume: Volume, mark: Mark, identity: str, *, recorded: bool) -> Finding:
    label = manifest.label_of(mark.label_key)
    if label is None:
        raise ModelError(f"{manifest.name} answered with a label that its manifest does not have.")
    measured = mark.measured
    long, across, volume_ml = _axes(mark, volume)
    probability, how = _probability(manifest, mark.score)
    return Finding(
        id=f"{mark.label_key}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
        tracking_uid=uid_from(f"finding|{identity}"),
        label_key=mark.label_key,
        label=label.name,
        source=Source(
            kind=SourceKind.MODEL,
            name=manifest.name,
            version=manifest.version,
            model_id=manifest.id,
            model_sha256=manifest.sha256,
            rules=manifest.rules,
        ),
        centre_lps_mm=mark.centre_lps_mm,
        bounds_lps_mm=mark.bounds_lps_mm,
        score=mark.score,
        mask=mark.mask,
        volume_ml=volume_ml,
        long_axis_mm=_length(long),
        long_axis_lps_mm=long,
        short_axis_mm=_length(across),
        short_axis_lps_mm=across,
        mean=None if measured is None else measured.mean,
        sd=None if measured is None else measured.sd,
        place=mark.place,
        colour=label.colour,
        window=label.window,
        recorded=recorded,
        localisation=mark.localisation,
        corners_lps_mm=mark.corners_lps_mm,
        slices_k=mark.slices_k,
        probability=probability,
        calibration=how,
        laterality=_side(label, mark),
        category=label.category,
        kind=label.type,
        region=label.region.meaning if label.region is not None else "",
        operating_point=_operating_point(manifest, mark.score),
    )


def _axes(mark: Mark, volume: Volume) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None, float | None]:
    """Return both axes and the volume: of an outline measured, of a box its edges; of nothing else."""
    # Where the geometry is not trusted, nothing is measured.
    if not volume.measurable:
        return None, None, None
    if mark.corners_lps_mm is not None:
        corners = mark.corners_lps_mm
        edges = sorted((corners[n] - corners[0] for n in (1, 2, 4)), key=lambda edge: -float(np.linalg.norm(edge)))
        centre = corners.mean(axis=0)
        return _fixed(centre, edges[0]), _fixed(centre, edges[1]), None
    measured = mark.measured
    if measured is None or mark.localisation is not Localisation.OUTLINE:
        return None, None, None
    long, across = measured.long_axis_lps_mm.copy(), measured.short_axis_lps_mm.copy()
    for ends in (long, across):
        ends.setflags(write=False)
    return long, across, measured.volume_ml


def _fixed(centre: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.array([centre - along / 2, centre + along / 2])
    ends.setflags(write=False)
    return ends


def _length(ends: NDArray[np.float64] | None) -> float | None:
    return None if ends is None else float(np.linalg.norm(ends[1] - ends[0]))


def _side(label: Label, mark: Mark) -> str:
    if label.laterality:
        return label.laterality
    first = mark.place.split(",")[0].lower()
    return first if first in ("left", "right") else ""


def _operating_point(manifest: Manifest, score: float | None) -> str:
    passed = [] if score is None else [p for p in manifest.operating_points if score >= p.threshold]
    return max(passed, key=lambda p: p.threshold).key if passed else ""
