"""A mark of known place is drawn there, whatever the plane, the zoom and the screen's scale factor; and faults pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()


def printed(script: str, *arguments: str, **environment: str) -> str:
    """Return what a script beside this one prints, run in a process of its own without a screen."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.ui.pixels.{script}", *arguments],
        cwd=HERE.parents[3],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "1.75", "2", "3"])
def test_a_mark_lies_well_within_half_a_pixel_of_its_place(scale: str) -> None:
    said = json.loads(printed("mark_on_screen", QT_SCALE_FACTOR=scale))
    assert said["ratio"] == float(scale)
    assert len(said["found"]) == 36
    for plane, height_mm, turned, across, down in said["found"]:
        # In the large tile the mark reaches beyond the gap of the crosshair, and its middle is told less well.
        limit_px = 0.2 if plane.endswith("four") else 0.5
        assert max(abs(across), abs(down)) < limit_px, (plane, height_mm, turned, across, down)


@pytest.mark.parametrize(
    ("kind", "scale", "most"),
    [("nearest", "1", 0.5), ("nearest", "1.75", 0.5), ("nearest", "3", 0.5), ("cubic", "1.25", 0.2)],
)
def test_in_every_interpolation_and_along_a_path_it_lies_there_too(kind: str, scale: str, most: float) -> None:
    said = json.loads(printed("mark_on_screen", kind, QT_SCALE_FACTOR=scale))
    assert len(said["found"]) == 24
    for view, height_mm, turned, across, down in said["found"]:
        # Squares of a turned plane are whole voxels, which lie up to half of one beside it.
        if kind != "nearest" or not (turned and view != "curved"):
            assert max(abs(across), abs(down)) < most, (view, height_mm, turned, across, down)


def test_a_fault_while_painting_does_not_end_the_program() -> None:
    assert printed("broken_painting", QT_SCALE_FACTOR="1") == "True, then drew 600 pixels across"
