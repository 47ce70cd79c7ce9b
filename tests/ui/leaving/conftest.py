"""A case of a patient with a name, told with that name and with more that must not leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from viewer.domain.finding import Source, SourceKind
from viewer.domain.geometry import PlaneName
from viewer.domain.step_acts import Question
from viewer.domain.view_state import Layout, OverlayMode, ViewName, as_point, overview
from viewer.domain.volume import PatientIdentity
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.services.left_behind import LeftBehind, left_behind
from viewer.services.loading import LoadedCase

if TYPE_CHECKING:
    from tests.ui.conftest import SmallCT

CANARIES = ("Tweety", "TWEETY", "Canaria", "90210", "file:///", "evil.example", "presenter's own")


@pytest.fixture
def loaded(small_ct: SmallCT) -> LoadedCase:
    identity = PatientIdentity(name="Tweety^Canaria", patient_id="ID-90210", accession="A-90210")
    volume = evolve(small_ct.volume, series=evolve(small_ct.volume.series, identity=identity))
    lesion = evolve(small_ct.lesion, recorded=True, source=Source(SourceKind.MODEL, "Finder", "1.0"))
    whole = overview("1.2.3", volume.grid)
    plane = evolve(whole, layout=Layout.SINGLE, main=ViewName.AXIAL, overlay=OverlayMode.OFF)
    near = evolve(
        plane.looking_at(as_point(lesion.centre_lps_mm), height_mm=60.0),
        overlay=OverlayMode.OUTLINE,
        selected_finding="lesion",
    )
    steps = (
        Step("first", "A quiet start", "Nothing is **said** yet.", plane, "The presenter's own words", 3.0),
        Step("second", "A nodule", "See [this](http://evil.example) ![x](file:///etc/passwd)", near, "", 3.0,
             Question("Where is it?")),
        Step("third", "Tweety comes home", "The patient is Canaria, ID-90210.", plane, "", 3.0),
    )  # fmt: skip
    case = Case(
        id="tweety", title="A nodule told", summary="One finding.", body_part="CHEST",
        provenance=Provenance("CaseStage", "Apache-2.0", synthetic=False), folder="/nowhere", series_path="dicom",
        series_uid="1.2.3", series_sha256="ab" * 32, steps=steps,
    )  # fmt: skip
    assert volume.grid.bounds_lps_mm.shape == (3, 2)
    assert near.plane(PlaneName.AXIAL).height_mm == 60.0
    return LoadedCase(case, volume, (lesion,), None)


@pytest.fixture
def left(loaded: LoadedCase) -> LeftBehind:
    return left_behind(loaded)
