"""How well findings agree with the truth: rates with intervals, FROC, calibration, the score of the case."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.analysis.froc import STANDARD_RATES, froc, sensitivity_at
from viewer.analysis.matching import match
from viewer.domain.finding import Finding, MatchRule, MatchState
from viewer.domain.job import JobContext
from viewer.inference.pipeline import answer_in
from viewer.inference.result import result_of
from viewer.inference.session import check_tensors, checked_bytes, session_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

_RESAMPLED = 2000


@frozen(eq=False)
class Scored:
    """One scan: what was found, what is there, the score of the case, seconds from volume to findings."""

    findings: tuple[Finding, ...]
    truth: tuple[Finding, ...]
    seconds: float

    @property
    def case_score(self) -> float:
        """Return the highest score of a finding, 0 without one."""
        return max((f.score or 0.0 for f in self.findings), default=0.0)


def scorer(manifest: Manifest) -> Callable[[Volume, tuple[Finding, ...]], Scored]:
    """Return what runs the model in this process, as the program's own worker does, and times it."""
    session = session_from(checked_bytes(manifest.onnx_path, manifest.sha256), manifest.name)
    check_tensors(manifest, session)

    def score(volume: Volume, truth: tuple[Finding, ...]) -> Scored:
        began = time.perf_counter()
        answer = answer_in(manifest, volume, session, JobContext())
        result = result_of(manifest, volume, answer.marks, answer.case_scores, provider="CPU", seconds=0.0)
        return Scored(result.findings, truth, time.perf_counter() - began)

    return score


def outcomes(scans: Sequence[Scored], rule: MatchRule) -> list[tuple[float, bool]]:
    """Return score and truth of every finding at threshold 0; those on ignored lesions are left out."""
    out = []
    for scan in scans:
        states = match(scan.findings, scan.truth, 0.0, rule).of_finding
        out += [(f.score or 0.0, states[f.id] is MatchState.TRUE_POSITIVE) for f in scan.findings if f.id in states]
    return out


def hits(scans: Sequence[Scored], rule: MatchRule, threshold: float) -> list[tuple[Finding, bool, int]]:
    """Return each lesion that counts, whether it was found at a threshold, and the number of its scan."""
    out = []
    for n, scan in enumerate(scans):
        states = match(scan.findings, scan.truth, threshold, rule).of_truth
        out += [(t, states[t.id] is MatchState.FOUND, n) for t in scan.truth if t.id in states]
    return out


def outlines(scans: Sequence[Scored], rule: MatchRule, threshold: float) -> dict[str, Any]:
    """Return how the outlines of the lesions found at a threshold compare with the true ones.

    Both are the 10th, 25th, 50th, 75th and 90th percentile: volume over true volume, and Dice's coefficient.
    """
    ratios, dice = [], []
    for scan in scans:
        said, true = ({f.id: f.volume_ml or 0.0 for f in side} for side in (scan.findings, scan.truth))
        for finding, lesion, overlap in match(scan.findings, scan.truth, threshold, rule).pairs:
            ratios.append(said[finding] / true[lesion])
            dice.append(2 * overlap / (1 + overlap))

    def shares(values: list[float]) -> list[float]:
        return [round(float(v), 2) for v in np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9])] if values else []

    return {"lesions": len(ratios), "volume_over_true": shares(ratios), "dice": shares(dice)}


def rate(found: Sequence[bool]) -> dict[str, Any]:
    """Return a share with its counts and its 95 % interval (Wilson, J. Am. Stat. Assoc. 22 (1927) 209)."""
    n, k = len(found), sum(found)
    if not n:
        return {"found": 0, "of": 0, "rate": None, "low": None, "high": None}
    z, p = 1.959964, k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return {
        "found": k,
        "of": n,
        "rate": _short(p),
        "low": _short(max(0.0, centre - half)),
        "high": _short(min(1.0, centre + half)),
    }


def free_response(scans: Sequence[Scored], rule: MatchRule) -> dict[str, float]:
    """Return the sensitivity at 1/8 … 8 false positives per scan, and their mean."""
    points = froc([(s.findings, s.truth) for s in scans], rule)
    values = {f"{at:g}": _short(sensitivity_at(points, at)) for at in STANDARD_RATES}
    return {**values, "mean": _short(float(np.mean(list(values.values()))))}


def area(scores: Sequence[float], positive: Sequence[bool]) -> dict[str, float]:
    """Return the area under the ROC curve of the cases, with a 95 % interval from resampled cases."""
    s, y = np.asarray(scores), np.asarray(positive)

    def auc(pick: np.ndarray) -> float:
        a, b = s[pick][y[pick]], s[pick][~y[pick]]
        if not len(a) or not len(b):
            return float("nan")
        return float((a[:, None] > b).mean() + (a[:, None] == b).mean() / 2)

    rng = np.random.default_rng(3)
    some = [auc(rng.integers(0, len(s), len(s))) for _ in range(_RESAMPLED)]
    low, high = np.nanpercentile(some, [2.5, 97.5])
    return {"auc": _short(auc(np.arange(len(s)))), "low": _short(float(low)), "high": _short(float(high))}


def reliability(pairs: Sequence[tuple[float, bool]], bins: int = 5) -> dict[str, Any]:
    """Return the reliability table of probabilities in equal bins, and the expected calibration error."""
    p, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], dtype=float)
    rows, error = [], 0.0
    for n in range(bins):
        low, high = n / bins, (n + 1) / bins
        inside = (p >= low) & ((p < high) | (n == bins - 1))
        if not inside.any():
            continue
        said, true = float(p[inside].mean()), float(y[inside].mean())
        error += abs(said - true) * inside.sum() / len(p)
        rows.append(
            {"from": low, "to": high, "findings": int(inside.sum()), "said": _short(said), "true": _short(true)}
        )
    return {"ece": _short(error), "bins": rows}


def calibration_table(pairs: Sequence[tuple[float, bool]]) -> tuple[list[float], list[float]]:
    """Return scores and the probabilities they stand for: a logistic curve through the logit of the score.

    After Platt (1999) with his two pseudo-counts, so that a handful of findings never gives 0 or 1.
    """
    s, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], dtype=float)
    x = np.log(np.clip(s, 1e-3, 1 - 1e-3) / (1 - np.clip(s, 1e-3, 1 - 1e-3)))
    t = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))
    a, b = 1.0, 0.0
    for _ in range(100):
        p = 1 / (1 + np.exp(-(a * x + b)))
        w = p * (1 - p) + 1e-6
        gradient = np.array([((p - t) * x).sum() + 1e-3 * a, (p - t).sum()])
        hessian = np.array([[(w * x * x).sum() + 1e-3, (w * x).sum()], [(w * x).sum(), w.sum()]])
        step = np.linalg.solve(hessian, gradient)
        a, b = a - float(np.clip(step[0], -1, 1)), b - float(np.clip(step[1], -1, 1))
    scores = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    curve = [1 / (1 + math.exp(-(max(a, 0.0) * math.log(v / (1 - v)) + b))) for v in scores]
    return scores, [_short(v) for v in curve]


def _short(value: float) -> float:
    return round(float(value), 3)
