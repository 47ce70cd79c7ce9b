"""A rule for finding a lesion that somebody wrote into the settings by hand is kept within what can be meant."""

from __future__ import annotations

import math

import pytest

from viewer.domain.finding import MatchRule
from viewer.services.kept_rule import rule_of
from viewer.services.settings import Choices


@pytest.mark.parametrize(
    ("overlap", "least_ml", "rule"),
    [
        (0.5, 0.2, MatchRule(0.5, 0.2)),
        # At 0 all would match all, and above 1 nothing anything.
        (0.0, 0.0, MatchRule(0.01, 0.0)),
        (5.0, -1.0, MatchRule(1.0, 0.0)),
        (0.1, 1e9, MatchRule(0.1, 1000.0)),
        (math.nan, math.inf, MatchRule()),
    ],
)
def test_a_rule_that_means_nothing_becomes_the_nearest_that_does(
    overlap: float, least_ml: float, rule: MatchRule
) -> None:
    assert rule_of(Choices(match_overlap=overlap, least_lesion_ml=least_ml)) == rule
