"""The one evaluation of a demo model, on the frozen test set, with everything that its card says.

    .venv/bin/python packaging/evaluate_demo_models.py head-bleed

runs the model that lies in resources/models on the unseen scans of `demo_model_tests.py` and writes evaluation.json
and MODEL_CARD.md beside it, and the figures into model.toml. The same model gives the same numbers, except for the
seconds.

    .venv/bin/python packaging/evaluate_demo_models.py head-bleed --calibrate build/train

fits the table from score to probability on the validation seeds (training's cache) and writes it into model.toml.
`--make N/M` only makes a part of the scans, `--score N/M` only runs the model on it; `--cache` keeps both.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_model_card import card_text, toml_metrics
from demo_model_data import SPACING_MM, VALIDATION_SEEDS, cached
from demo_model_scoring import (
    Scored,
    area,
    calibration_table,
    free_response,
    hits,
    outcomes,
    outlines,
    rate,
    reliability,
    scorer,
)
from demo_model_tests import LEAST_TRUTH_ML, SIZES_ML, TEST_SETS, TestCase

from viewer.domain.finding import MatchRule
from viewer.inference.manifest_reader import read
from viewer.phantom import Phantom
from viewer.phantom.as_volume import volume_of
from viewer.phantom.chest_scan import CONTRAST_WORDS
from viewer.phantom.phantom import PhantomLesion
from viewer.phantom.write import truth_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

MODELS = Path(__file__).resolve().parents[1] / "resources" / "models"


def made(model: str, case: TestCase, cache: Path | None) -> Phantom:
    """Return the phantom of a test case, kept in the cache where there is one."""
    path = None if cache is None else cache / f"test-{model}-{case.seed}.pickle"
    if path is not None and path.exists():
        phantom: Phantom = pickle.loads(path.read_bytes())  # noqa: S301 (written by this script)
        return phantom
    phantom = case.make()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(phantom))
        part.rename(path)
    return phantom


def scored(
    manifest: Manifest,
    case: TestCase,
    cache: Path | None,
    score: Callable[[Volume, tuple[Finding, ...]], Scored],
) -> Scored:
    """Return what this very model finds in a test case, kept in the cache where there is one."""
    post = evolve(manifest.post, calibration=None)
    rules = hashlib.sha256(repr((manifest.sha256, post, manifest.inference)).encode()).hexdigest()[:12]
    path = None if cache is None else cache / f"scored-{manifest.id}-{rules}-{case.seed}.pickle"
    if path is not None and path.exists():
        kept: Scored = pickle.loads(path.read_bytes())  # noqa: S301 (written by this script)
        return kept
    phantom = made(manifest.id, case, cache)
    volume = volume_of(phantom)
    out = score(volume, truth_findings(phantom, volume))
    if path is not None:
        path.write_bytes(pickle.dumps(out))
    return out


def evaluated(manifest: Manifest, cases: Sequence[TestCase], cache: Path | None) -> dict[str, Any]:
    """Return everything that the card says of a model, as JSON holds it."""
    model = manifest.id
    rule = MatchRule(least_truth_ml=LEAST_TRUTH_ML[model])
    threshold = manifest.default_threshold
    score = scorer(manifest)
    scans: list[Scored] = []
    for case in cases:
        scans.append(scored(manifest, case, cache, score))
        found = [round(f.score or 0, 2) for f in scans[-1].findings]
        there = [f"{t.label_key} {t.volume_ml:.2f}" for t in scans[-1].truth]
        print(case.seed, case.stratum, f"{case.thickness_mm:g} mm", case.kernel, there, found, flush=True)
    return {
        "model": model,
        "version": manifest.version,
        "sha256": manifest.sha256,
        "scans": len(scans),
        "seeds": [cases[0].seed, cases[-1].seed],
        "rule": rule.words,
        "threshold": threshold,
        **_lesions(model, scans, cases, rule, threshold),
        "froc": free_response(scans, rule),
        **_false_positives(scans, cases, rule, threshold),
        "case": area([s.case_score for s in scans], [any(True for _ in s.truth) for s in scans]),
        "calibration": _calibration(manifest, scans, rule),
        "scores": _spread(scans, rule),
        "outlines": outlines(scans, rule, threshold),
        "seconds": {
            "median": round(float(np.median([s.seconds for s in scans])), 2),
            "longest": round(max(s.seconds for s in scans), 2),
        },
    }


def _lesions(
    model: str, scans: list[Scored], cases: Sequence[TestCase], rule: MatchRule, threshold: float
) -> dict[str, Any]:
    all_of_them = hits(scans, rule, threshold)
    bounds = SIZES_ML[model]

    def size(volume: float) -> str:
        low, high = next((a, b) for a, b in zip(bounds[:-1], bounds[1:], strict=True) if a <= volume < b)
        return f"{low:g} mL and more" if high > 1e8 else f"{low:g} to {high:g} mL" if low else f"below {high:g} mL"

    def by(name: Any) -> dict[str, Any]:
        groups: dict[str, list[bool]] = {}
        for lesion, found, n in all_of_them:
            groups.setdefault(name(lesion, cases[n]), []).append(found)
        return {key: rate(groups[key]) for key in sorted(groups) if key}

    in_order = [size(low) for low in bounds[:-1]]
    sizes = by(lambda lesion, case: size(lesion.volume_ml or 0.0))
    return {
        "sensitivity": rate([found for _, found, _ in all_of_them]),
        "by_size": {key: sizes[key] for key in in_order if key in sizes},
        "by_kind": by(lambda lesion, case: lesion.label),
        "by_thickness": by(lambda lesion, case: "up to 2.5 mm" if case.thickness_mm <= 2.5 else "3 mm and more"),
        "by_kernel": by(lambda lesion, case: f"{case.kernel} kernel"),
        "by_contrast": by(lambda lesion, case: CONTRAST_WORDS.get(case.contrast, "")),
        "by_dose": by(lambda lesion, case: f"{case.dose} dose" if case.dose else ""),
        "by_gantry": by(lambda lesion, case: "tilted" if case.tilt_deg else "straight"),
    }


def _false_positives(
    scans: list[Scored], cases: Sequence[TestCase], rule: MatchRule, threshold: float
) -> dict[str, Any]:
    counts: dict[str, list[int]] = {"all": []}
    for scan, case in zip(scans, cases, strict=True):
        wrong = sum(1 for s, true in outcomes([scan], rule) if s >= threshold and not true)
        group = case.stratum if case.stratum in ("none", "mimics") else "with lesions"
        counts["all"].append(wrong)
        counts.setdefault(group, []).append(wrong)
    return {"false_positives_per_scan": {k: round(float(np.mean(v)), 3) for k, v in counts.items()}}


def _calibration(manifest: Manifest, scans: list[Scored], rule: MatchRule) -> dict[str, Any]:
    pairs = outcomes(scans, rule)
    table = manifest.post.calibration
    if table is None or not pairs:
        return {}
    return {
        "findings": len(pairs),
        "score_itself": reliability(pairs)["ece"],
        **reliability([(table.probability(s), true) for s, true in pairs]),
    }


def _spread(scans: list[Scored], rule: MatchRule) -> dict[str, Any]:
    pairs = outcomes(scans, rule)
    out = {}
    for name, wanted in (("true", True), ("false", False)):
        some = [s for s, true in pairs if true is wanted]
        quantiles = np.quantile(some, [0.1, 0.25, 0.5, 0.75, 0.9]) if some else []
        out[name] = [round(float(q), 2) for q in quantiles]
    return out


def calibrate(model: str, cache: Path) -> None:
    """Fit the table from score to probability on validation seeds and write it into model.toml."""
    path = MODELS / model / "model.toml"
    manifest = read(path.parent)
    score = scorer(manifest)
    scans = []
    for seed in VALIDATION_SEEDS[model]:
        hu, truth = cached(model, seed, cache)
        values = [int(v) for v in np.unique(truth) if v]
        lesions = tuple(PhantomLesion(v, model, model, (0.0, 0.0, 0.0), 0.0) for v in values)
        kind = "chest" if model.startswith("lung") else "head"
        phantom = Phantom(kind, seed, hu, (0.0, 0.0, 0.0), (SPACING_MM,) * 3, truth, lesions, f"validation {seed}")
        volume = volume_of(phantom)
        scans.append(score(volume, truth_findings(phantom, volume)))
    pairs = outcomes(scans, MatchRule(least_truth_ml=LEAST_TRUTH_ML[model]))
    scores, probabilities = calibration_table(pairs)
    how = f"Logistic curve (Platt) on {len(pairs)} findings in {len(scans)} synthetic validation scans."
    line = f'calibration = {{ scores = {scores}, probabilities = {probabilities}, how = "{how}" }}\n'
    text = re.sub(r"^calibration = .*\n", "", path.read_text(), flags=re.M)
    path.write_text(re.sub(r"(^case_score = .*\n)", lambda m: m.group(1) + line, text, flags=re.M))
    print(
        line,
        "true:",
        sorted(round(s, 2) for s, t in pairs if t),
        "false:",
        sorted(round(s, 2) for s, t in pairs if not t),
    )


def write_card(manifest: Manifest, evaluation: dict[str, Any], folder: Path) -> None:
    """Write evaluation.json, MODEL_CARD.md and the figures of model.toml."""
    (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=1) + "\n")
    (folder / "MODEL_CARD.md").write_text(card_text(manifest, evaluation))
    path = folder / "model.toml"
    text = re.sub(r"\[\[model\.card\.metric\]\]\n(?:.+\n)+\n", "", path.read_text())
    path.write_text(text.replace("[accept]\n", toml_metrics(evaluation) + "[accept]\n", 1))


def main() -> None:
    """Read the command line and evaluate, calibrate, or only make scans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(TEST_SETS))
    parser.add_argument("--calibrate", type=Path, metavar="CACHE", help="fit the table of probabilities instead")
    parser.add_argument("--cache", type=Path, help="folder that keeps the test scans")
    parser.add_argument("--make", metavar="N/M", help="only make the test scans of part N of M")
    parser.add_argument("--score", metavar="N/M", help="only run the model on part N of M")
    arguments = parser.parse_args()
    if arguments.calibrate:
        calibrate(arguments.model, arguments.calibrate)
        return
    cases = TEST_SETS[arguments.model]()
    if arguments.make:
        part, parts = (int(v) for v in arguments.make.split("/"))
        for case in cases[part::parts]:
            made(arguments.model, case, arguments.cache)
        return
    manifest = read(MODELS / arguments.model)
    if arguments.score:
        part, parts = (int(v) for v in arguments.score.split("/"))
        score = scorer(manifest)
        for case in cases[part::parts]:
            scored(manifest, case, arguments.cache, score)
        return
    evaluation = evaluated(manifest, cases, arguments.cache)
    write_card(manifest, evaluation, MODELS / arguments.model)
    print(json.dumps(evaluation, indent=1))


if __name__ == "__main__":
    main()
