"""What a case calls the two scans that it compares: nothing is called earlier that is not known to be."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.domain.geometry import SliceStack
from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume
from viewer.services.compared_titles import titles_beside


def _scan(
    uid: str = "1.2", *, day: str = "", part: str = "", description: str = "", number: int | None = None
) -> Volume:
    stack = SliceStack((4, 4), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0, 0, float(k)) for k in range(3)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    who = PatientIdentity(name="Standard^Bone", study_date=day)
    facts = SeriesFacts(uid, identity=who, description=description, number=number)
    return Volume(facts, values, stack, values, stack.as_grid(), part=part)


@pytest.mark.parametrize(
    ("here", "there", "called"),
    [
        pytest.param(_scan(day="20240601"), _scan("1.3", day="20230601"), ("Now", "Before"), id="an earlier one"),
        pytest.param(_scan(day="20230601"), _scan("1.3", day="20240601"), ("Before", "Now"), id="a later one"),
        pytest.param(
            _scan(part="phase 1 of 2, 12:31:05"),
            _scan(part="phase 2 of 2, 12:31:40"),
            ("Phase 1 of 2", "Phase 2 of 2"),
            id="two phases, without their times",
        ),
        pytest.param(
            _scan(part="kernel B30f"), _scan(part="kernel B70f"), ("Kernel B30f", "Kernel B70f"), id="kernels"
        ),
        pytest.param(
            _scan(part="stack Meier", number=4),
            _scan(part="stack Huber", number=4),
            ("A", "B"),
            id="words of the file's own",
        ),
        pytest.param(
            _scan(day="20240601", description="Chest soft Dr. Meier"),
            _scan("1.3", day="20240601", description="Chest lung Dr. Huber"),
            ("Soft", "Lung"),
            id="two reconstructions of one day",
        ),
        pytest.param(
            _scan(description="Chest bone", number=3),
            _scan("1.3", description="Chest standard", number=4),
            ("Series 3", "Series 4"),
            id="words that are the patient's name",
        ),
        pytest.param(_scan(day="2024"), _scan("1.3", day="20230601"), ("A", "B"), id="a day that is none"),
    ],
)
def test_two_scans_are_called_by_what_is_known_of_them(here: Volume, there: Volume, called: tuple[str, str]) -> None:
    assert titles_beside(here, there) == called
