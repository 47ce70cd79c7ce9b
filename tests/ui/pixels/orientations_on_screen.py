"""Prints as JSON which side of a screen shows which side of a patient, and what letters stand there.

For all 48 orientations of the stored axes. QT_SCALE_FACTOR sets the scale; "dicom" or "nifti" is the argument.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import viewer.ui.canvas.paint_frame as painting
from tests.ui.pixels.mark_on_screen import seen_at
from tests.ui.pixels.oriented_files import BRIGHTER_HU, MIDDLE_LPS_MM, as_dicom, as_nifti, orientations, spots
from viewer.domain.geometry import PlaneName
from viewer.domain.session import Session
from viewer.domain.view_state import ViewName, overview
from viewer.ui.canvas import Canvas, Density
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.ui.canvas.tiles import Tile

HEIGHT_MM = 66.0
# Logical pixels around a spot; the lines of the crosshair lie further away.
REACH = 18


def grey_of(image: QImage) -> np.ndarray[Any, Any]:
    """Return an image's grey values, [row, column]."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    # The image's memory goes with it.
    return rows[:, : grey.width()].copy()


def sides_seen(grey: np.ndarray[Any, Any], tile: Tile, ratio: float) -> dict[str, str]:
    """Return the side of the patient that each side of a tile shows, told by brightness alone."""
    area = tile.area
    left, top, width, height = (round(n * ratio) for n in (area.left(), area.top(), area.width(), area.height()))
    # The square that 66 mm fill, without letters at the edges and the crosshair's lines in the middle.
    middle_x, middle_y = left + width // 2, top + height // 2
    far, near, half = round(height * 0.4), round(height * 0.18), round(height * 0.2)
    line = round(6 * ratio)
    boxes = {
        "left": (slice(middle_y - half, middle_y + half), slice(middle_x - far, middle_x - near)),
        "right": (slice(middle_y - half, middle_y + half), slice(middle_x + near, middle_x + far)),
        "top": (slice(middle_y - far, middle_y - near), slice(middle_x - half, middle_x + half)),
        "bottom": (slice(middle_y + near, middle_y + far), slice(middle_x - half, middle_x + half)),
    }
    without = grey.copy()
    without[middle_y - line : middle_y + line, :] = 0
    without[:, middle_x - line : middle_x + line] = 0
    found = {}
    for side, box in boxes.items():
        brighter = float(without[box].max()) / 255 * 2000
        found[side] = min(BRIGHTER_HU, key=lambda letter: abs(math.log(max(brighter, 1.0) / BRIGHTER_HU[letter])))
    return found


def main() -> None:
    """Draw the patient in all orientations."""
    opened = {"dicom": as_dicom, "nifti": as_nifti}[sys.argv[1]]
    app = QApplication(sys.argv[:1])
    session = Session()
    canvas = Canvas(session, Theme(), None)
    canvas.resize(1003, 707)
    canvas.density = Density.LETTERS
    canvas.show()
    ratio = canvas.devicePixelRatioF()
    drawn: dict[str, list[str]] = {}
    letters_painted = painting.paint_letters

    def noted(painter: Any, free: Any, letters: Any, look: Any, **more: Any) -> None:
        (name,) = [t.view.value for t in canvas._placed() if t.area.contains(free.center())]
        drawn[name] = [letters.left, letters.right, letters.top, letters.bottom]
        letters_painted(painter, free, letters, look, **more)

    painting.paint_letters = noted
    found: list[dict[str, Any]] = []
    for directions in orientations():
        with tempfile.TemporaryDirectory() as folder:
            volume = opened(Path(folder), directions)
        session.volume = volume
        state = overview(volume.series.series_uid, volume.grid, window_centre=0.0, window_width=2000.0)
        session.view = evolve(state.looking_at(MIDDLE_LPS_MM, height_mm=HEIGHT_MM))
        app.processEvents()
        image = canvas.grab().toImage()
        grey = grey_of(image)
        for plane in PlaneName:
            tile = canvas.tile(ViewName(plane.value))
            assert tile is not None
            geometry, furthest = tile.geometry(volume, session.view, plane), 0.0
            for place in spots(plane.value).values():
                x, y = geometry.screen_from_lps(place)
                x, y = (x + tile.area.left()) * ratio, (y + tile.area.top()) * ratio
                there = seen_at(image, x, y, round(REACH * ratio))
                furthest = max(furthest, abs(there[0] - x), abs(there[1] - y))
            found.append(
                {
                    "stored": directions.tolist(),
                    "plane": plane.value,
                    "verdict": volume.verdict.value,
                    "letters": drawn[plane.value],
                    "seen": list(sides_seen(grey, tile, ratio).values()),
                    "furthest_px": furthest,
                }
            )
    canvas.close_scene()
    sys.stdout.write(json.dumps({"ratio": ratio, "found": found}))


if __name__ == "__main__":
    main()
