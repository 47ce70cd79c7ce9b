"""A mark of known place is drawn there, whatever the plane, the zoom and the screen's scale factor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "1.75", "2", "3"])
def test_a_mark_lies_within_a_fifth_of_a_pixel_of_its_place(scale: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.pixels.mark_on_screen"],
        cwd=HERE.parents[3],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said = json.loads(done.stdout)
    assert said["ratio"] == float(scale)
    assert len(said["found"]) == 18
    for plane, height_mm, turned, across, down in said["found"]:
        assert max(abs(across), abs(down)) < 0.2, (plane, height_mm, turned, across, down)
