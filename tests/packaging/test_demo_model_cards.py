"""The cards of the demo models say what their one evaluation measured, and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from viewer.domain.finding import Finding, MatchRule, Source, SourceKind
from viewer.domain.labels import Mask
from viewer.inference.manifest_reader import read

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

from demo_model_card import card_text, toml_metrics  # noqa: E402
from demo_model_data import TRAIN_SEEDS, VALIDATION_SEEDS  # noqa: E402
from demo_model_scoring import (  # noqa: E402
    Scored,
    area,
    calibration_table,
    outlines,
    rate,
    reliability,
)
from demo_model_tests import TEST_SETS  # noqa: E402

EVALUATED = sorted(path.parent for path in (ROOT / "resources" / "models").glob("*/evaluation.json"))


@pytest.mark.parametrize("folder", EVALUATED, ids=lambda folder: folder.name)
def test_card_and_manifest_repeat_the_evaluation_of_this_very_model(folder: Path) -> None:
    evaluation = json.loads((folder / "evaluation.json").read_text())
    manifest = read(folder)
    assert evaluation["sha256"] == manifest.sha256
    assert evaluation["threshold"] == manifest.default_threshold
    assert (folder / "MODEL_CARD.md").read_text() == card_text(manifest, evaluation)
    assert toml_metrics(evaluation) in (folder / "model.toml").read_text()
    assert len(manifest.metrics) == toml_metrics(evaluation).count("[[")


@pytest.mark.parametrize("model", sorted(TEST_SETS))
def test_the_test_set_is_large_enough_of_every_kind_and_was_never_trained_on(model: str) -> None:
    cases = TEST_SETS[model]()
    seeds = {case.seed for case in cases}
    assert len(seeds) == len(cases) >= 60
    assert not seeds & (set(TRAIN_SEEDS[model]) | set(VALIDATION_SEEDS[model]))
    assert {"none", "mimics"} <= {case.stratum for case in cases}
    assert len({case.thickness_mm for case in cases}) > 3
    assert len({case.kernel for case in cases}) == 2


def test_rates_come_with_wilsons_interval() -> None:
    """9 of 10 with its interval as in Brown, Cai and DasGupta (2001)."""
    assert rate([True] * 9 + [False]) == {"found": 9, "of": 10, "rate": 0.9, "low": 0.596, "high": 0.982}
    assert rate([])["rate"] is None


def test_outlines_are_held_against_those_of_the_lesions_found_at_the_threshold() -> None:
    """A finding of twice its lesion counts; one below the threshold and one that is false do not."""

    def place(name: str, count: int, first: int, score: float | None) -> Finding:
        mask = Mask((first, 0, 0), np.ones((1, 1, count), dtype=bool))
        at = np.array([float(first), 0.0, 0.0])
        source = Source(SourceKind.TRUTH if score is None else SourceKind.MODEL, "Test")
        bounds = np.stack([at, at + 1], axis=1)
        return Finding(name, name, "x", "X", source, at, bounds, score=score, mask=mask, volume_ml=count / 10)

    found = (place("a", 20, 0, 0.9), place("b", 10, 40, 0.3), place("c", 10, 80, 0.9))
    true = (place("t", 10, 0, None), place("u", 10, 40, None))
    said = outlines([Scored(found, true, 0.0)], MatchRule(), 0.5)
    assert said["lesions"] == 1
    assert set(said["volume_over_true"]) == {2.0}
    assert set(said["dice"]) == {0.67}
    assert outlines([Scored((), true, 0.0)], MatchRule(), 0.5) == {"lesions": 0, "volume_over_true": [], "dice": []}


def test_area_counts_the_pairs_in_the_right_order() -> None:
    assert area([0.9, 0.8, 0.3, 0.1], [True, False, True, False])["auc"] == 0.75


def test_probabilities_that_come_true_as_often_as_they_say_have_no_error() -> None:
    pairs = [(0.25, n < 1) for n in range(4)] + [(0.75, n < 3) for n in range(4)]
    assert reliability(pairs)["ece"] == 0.0
    assert reliability([(0.9, False)] * 5)["ece"] == 0.9


def test_the_table_of_probabilities_grows_with_the_score_and_stays_off_the_ends() -> None:
    scores, probabilities = calibration_table([(0.9, True)] * 5 + [(0.6, True), (0.6, False)] + [(0.2, False)] * 5)
    assert scores == sorted(scores)
    assert probabilities == sorted(probabilities)
    assert 0 < probabilities[0] < 0.2 < 0.8 < probabilities[-1] < 1
