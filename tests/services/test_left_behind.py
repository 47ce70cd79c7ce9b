"""What is told of the model where a case is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.finding import Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Provenance
from viewer.io.findings_file import write_findings
from viewer.services.left_behind import left_behind
from viewer.services.loading import LoadedCase
from viewer.services.places import model_folders

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


def test_of_one_that_is_not_installed_its_record_tells(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], RULES, recorded=True)
    told = dict(left_behind(LoadedCase(case, VOLUME, (), None)).model_facts)
    assert told["Model"] == "anatomy 1.1.0"


def test_where_a_reader_alone_found_nothing_no_model_is_told_of(case: Case, tmp_path: Path) -> None:
    write_findings(tmp_path / "findings", VOLUME, [], None)
    assert left_behind(LoadedCase(case, VOLUME, (), None), model_folders()).model_facts == ()
