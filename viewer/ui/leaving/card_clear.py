"""Whether the narration's card leaves free what a step points at, on screens as they are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSizeF

from viewer.domain.view_state import Layout
from viewer.services.case_checks import Objection
from viewer.ui.canvas.tiles import CanvasStyle, tiles
from viewer.ui.present.card import RESERVED, Narration, card_corner, card_side, reserves_space
from viewer.ui.present.stage_bar import HEIGHT as BAR_HEIGHT
from viewer.ui.snapshot import ensure_application
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.walkthrough import Step
    from viewer.services.left_behind import LeftBehind
    from viewer.services.loading import LoadedCase

SCREENS = ((1920, 1080), (1280, 720), (1024, 768))


def covered(loaded: LoadedCase | LeftBehind) -> list[Objection]:
    """Return the steps whose card lies over the finding that they point at, or does not fit, and on which screens."""
    ensure_application()
    case = loaded if not hasattr(loaded, "loaded") else loaded.loaded
    known = {f.id: f for f in (*case.findings, *case.lesions)}
    found = []
    for number, step in enumerate(case.case.steps, start=1):
        told = known.get(step.view.selected_finding or "")
        over = [size for size in SCREENS if told is not None and _hides(case, step, told, size)]
        large = [size for size in SCREENS if _too_high(step, size, case.case.folder)]
        for sizes, sentence, hint in (
            (over, "Its card lies over the finding", "Move the view, or zoom out a little."),
            (large, "Its card does not fit", "Say less, or say it in the notes."),
        ):
            if sizes:
                words = ", ".join(f"{width}×{height}" for width, height in sizes)
                found.append(Objection(f"Step {number}", f"{sentence} at {words}.", hint, grave=False))
    return found


def _card(step: Step, told: Finding | None, size: tuple[int, int], folder: str) -> QRectF:
    scale = size[1] / 1080
    stage = QSizeF(size[0], size[1] - round(BAR_HEIGHT * scale))
    narration = Narration(Theme(), step, scale, folder)
    side = card_side(step.view, told)
    return QRectF(card_corner(narration.size, stage, step.view, side, scale), narration.size)


def _too_high(step: Step, size: tuple[int, int], folder: str) -> bool:
    card = _card(step, None, size, folder)
    return card.height() > size[1] - round(BAR_HEIGHT * size[1] / 1080)


def _hides(case: LoadedCase, step: Step, told: Finding, size: tuple[int, int]) -> bool:
    view, plane = step.view, step.view.main.plane
    if plane is None or view.layout is Layout.FOUR:
        return False
    scale = size[1] / 1080
    room = RESERVED * scale if reserves_space(view) else 0.0
    reserved = (room, 0.0) if card_side(view, told) == "left" else (0.0, room)
    area = (float(size[0]), float(size[1] - round(BAR_HEIGHT * scale)))
    tile = tiles(view.layout, view.main, area, style=CanvasStyle.STAGE, reserved=reserved)[0]
    corners = np.array(np.meshgrid(*told.bounds_lps_mm)).reshape(3, -1).T
    points = tile.geometry(case.volume, view, plane).screen_points(corners) + (tile.area.x(), tile.area.y())
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return _card(step, told, size, case.case.folder).intersects(QRectF(left, top, right - left, bottom - top))
