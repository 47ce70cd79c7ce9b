"""Whatever way round a series is stored, every plane shows each side of the patient where its letter stands."""

from __future__ import annotations

import json

import pytest

from tests.ui.pixels.test_on_screen import printed

# Left, right, top and bottom of the screen.
LETTERS = {"axial": list("RLAP"), "coronal": list("RLHF"), "sagittal": list("APHF")}


@pytest.mark.parametrize(("kind", "scale"), [("dicom", "1.5"), ("nifti", "1")])
def test_letters_say_what_the_pixels_show_in_all_48_orientations(kind: str, scale: str) -> None:
    said = json.loads(printed("orientations_on_screen", kind, QT_SCALE_FACTOR=scale))
    assert said["ratio"] == float(scale)
    assert len(said["found"]) == 48 * 3
    for found in said["found"]:
        assert found["letters"] == LETTERS[found["plane"]], found
        assert found["seen"] == found["letters"], found
        assert found["furthest_px"] < 0.5, found
        assert found["verdict"] == "ok", found
