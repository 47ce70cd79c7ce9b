"""In which order findings are told."""

from __future__ import annotations

import numpy as np

from viewer.domain.finding import Finding, Source, SourceKind


def _said(name: str, *, score: float | None, volume_ml: float | None) -> Finding:
    place = np.zeros(3)
    bounds = np.zeros((3, 2))
    source = Source(SourceKind.MODEL, "A model")
    return Finding(name, f"2.25.{name}", "n", "Nodule", source, place, bounds, score=score, volume_ml=volume_ml)


def test_the_surest_finding_comes_first_and_of_equally_sure_ones_the_largest() -> None:
    findings = (
        _said("1", score=0.5, volume_ml=1.0),
        _said("2", score=0.9, volume_ml=0.2),
        _said("3", score=0.5, volume_ml=8.0),
        _said("4", score=None, volume_ml=3.0),
        _said("5", score=None, volume_ml=4.0),
        _said("6", score=None, volume_ml=None),
    )
    assert [finding.id for finding in sorted(findings, key=lambda f: f.order)] == ["2", "3", "1", "5", "4", "6"]
