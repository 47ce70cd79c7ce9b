"""What is objected to in a case before it is shown."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.view_state import OverlayMode
from viewer.domain.volume import SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.services.case_checks import objections_to_findings
from viewer.services.loading import LoadedCase
from viewer.services.views import view_of_volume


@pytest.mark.parametrize(("score", "objected"), [(0.0, True), (0.3, True), (0.7, False), (None, False)])
def test_a_step_that_points_at_a_finding_below_its_threshold_is_objected_to(
    score: float | None, objected: bool
) -> None:
    stack = SliceStack((8, 8), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(4)])
    values = np.zeros(stack.shape_kji, np.int16)
    volume = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())
    centre, source = stack.lps((4, 4, 2)), Source(SourceKind.MODEL, "Finder", "1.0")
    box = np.stack([centre - 1, centre + 1], axis=1)
    finding = Finding("f", "2.25.1", "bleed", "Bleed", source, centre, box, score=score)
    view = evolve(view_of_volume(volume), threshold=0.5, selected_finding="f", overlay=OverlayMode.OUTLINE)
    provenance = Provenance("Me", "CC0-1.0", True)
    case = Case("c", "A case", "", "HEAD", provenance, "", "dicom", "1.2.3", "", (Step("a", "First", "", view),))
    said = [one.sentence for one in objections_to_findings(LoadedCase(case, volume, (finding,), None))]
    assert bool(said) is objected
    assert all(f"of score {score:.2f}, below its threshold of 0.50" in sentence for sentence in said)


def test_a_look_that_there_is_not_is_objected_to() -> None:
    stack = SliceStack((8, 8), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(4)])
    values = np.zeros(stack.shape_kji, np.int16)
    volume = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())
    steps = (
        Step("a", "First", "", evolve(view_of_volume(volume), preset_3d="lungs", colours="gray")),
        Step("b", "Second", "", evolve(view_of_volume(volume), preset_3d="lung", colours="grey")),
    )
    case = Case("c", "A case", "", "HEAD", Provenance("Me", "CC0-1.0", True), "", "dicom", "1.2.3", "", steps)
    found = objections_to_findings(LoadedCase(case, volume, (), None))
    assert [(one.where, one.sentence) for one in found] == [
        ("Step 1", "Its “preset_3d” is “lungs”, which there is not; “bone” is shown."),
        ("Step 1", "Its “colours” is “gray”, which there is not; “grey” is shown."),
    ]
    assert "lung" in found[0].hint
