"""What is told of the model where a case is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.alignment import Alignment
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Prior, Provenance, Step
from viewer.io.findings_file import write_findings
from viewer.services.left_behind import left_behind
from viewer.services.loading import LoadedCase, LoadedPrior
from viewer.services.places import model_folders
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from pathlib import Path

STACK = SliceStack((8, 8), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(4)])
VALUES = np.zeros(STACK.shape_kji, np.int16)
VOLUME = Volume(SeriesFacts("1.2.3"), VALUES, STACK, VALUES, STACK.as_grid())
RULES = Source(SourceKind.MODEL, "Anatomy by rules", "1.1.0", "anatomy", "ab" * 32)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a case that has a place for findings; what lies there is the tests' own."""
    return Case(
        id="clear", title="Nothing to see", summary="", body_part="HEAD", provenance=Provenance("Me", "CC0-1.0", True),
        folder=str(tmp_path), series_path="dicom", series_uid="1.2.3", series_sha256="", steps=(),
        findings_path="findings", model_id="anatomy",
    )  # fmt: skip


def test_of_a_model_that_found_nothing_is_told_what_is_told_of_one_that_did(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], RULES, recorded=True)
    left = left_behind(LoadedCase(case, VOLUME, (), None), model_folders())
    told = dict(left.model_facts)
    assert told["Model"].startswith("Anatomy by rules 1.1.0")
    assert told["Intended use"]
    assert told["Limitations"]
    assert told["File of the model"] == f"SHA-256 {'ab' * 8}…"
    assert dict(left.facts)["Findings"].startswith("none, recorded when the case was made")


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((0.4,), "none at the threshold of 0.50 and 1 below it, recorded"),
        ((0.4, 0.9, 0.3), "1 at the threshold of 0.50 and 2 below it, recorded"),
        ((0.6, 0.9), "2, recorded"),
    ],
)
def test_what_no_step_shows_because_its_score_is_too_low_is_counted_apart(
    case: Case, scores: tuple[float, ...], told: str
) -> None:
    centre = STACK.lps((4, 4, 2))
    findings = tuple(
        Finding(
            f"f{n}", f"2.25.{n + 1}", "bleed", "Bleed", RULES, centre, np.stack([centre - 1, centre + 1], axis=1),
            score=score, recorded=True,
        )
        for n, score in enumerate(scores)
    )  # fmt: skip
    view = evolve(view_of_volume(VOLUME), threshold=0.5)
    case = evolve(case, steps=(Step("a", "First", "", view), Step("b", "Second", "", view)))
    left = left_behind(LoadedCase(case, VOLUME, findings, None), model_folders())
    assert dict(left.facts)["Findings"].startswith(told)


def test_of_one_that_is_not_installed_its_record_tells(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], RULES, recorded=True)
    told = dict(left_behind(LoadedCase(case, VOLUME, (), None)).model_facts)
    assert told["Model"] == "anatomy 1.1.0"


def test_where_a_reader_alone_found_nothing_no_model_is_told_of(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], None)
    assert left_behind(LoadedCase(case, VOLUME, (), None), model_folders()).model_facts == ()


def test_of_two_scans_both_are_told_of(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], None)
    case = evolve(case, prior=Prior("prior", "1.2.4", "cd" * 32, "Phase 2 of 2", own_title="Phase 1 of 2"))
    other = evolve(VOLUME, series=evolve(VOLUME.series, series_uid="1.2.4", lossy=True))
    prior = LoadedPrior(other, (), Alignment(), "Phase 2 of 2", "Phase 1 of 2")
    facts = dict(left_behind(LoadedCase(case, VOLUME, (), None, prior=prior)).facts)
    assert facts["Compared with"] == "“Phase 2 of 2”: 8 × 8 × 4 voxels, lossy, SHA-256 cdcdcdcdcdcdcdcd…"
