"""Titles that are proposed for steps: from the finding in hand, else from the plane, the place and the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.analysis.measure import place_words
from viewer.domain.view_state import Comparison, Layout, ViewName
from viewer.domain.window_presets import PRESETS

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

# Further from a finding than its own length and this much more, a view is about something else.
_NEAR_MM = 20.0


def step_title(view: ViewState, volume: Volume, selected: Finding | None) -> str:
    """Return a title for a view, such as "Nodule, right, 13 mm" or "Axial, left, upper, lung window"."""
    if selected is not None and _near(view, selected):
        return finding_title(selected, volume)
    if view.layout is not Layout.FOUR and view.main is ViewName.THREE_D:
        return "3D"
    plane = "Overview" if view.layout is Layout.FOUR else view.main.value.capitalize()
    place = place_words(view.cursor_lps_mm, volume, volume.body_lps_mm).lower()
    before = "compared" if view.comparison is not Comparison.OFF else ""
    return ", ".join(part for part in (plane, place, window_words(view, volume), before) if part)


def finding_title(finding: Finding, volume: Volume) -> str:
    """Return what a finding is, on which side, and how long, as far as each is known."""
    side = side_words(finding, volume)
    long = f"{finding.long_axis_mm:.0f} mm" if finding.long_axis_mm and volume.measurable else ""
    return ", ".join(part for part in (finding.label, side, long) if part)


def side_words(finding: Finding, volume: Volume) -> str:
    """Return "left" or "right" where a finding lies clearly on one side, else "": also of one that has no place."""
    if not finding.placed:
        return ""
    said = (finding.place or place_words(finding.centre_lps_mm, volume, volume.body_lps_mm)).lower().split(", ")
    return next((word for word in said if word in ("left", "right")), "")


def window_words(view: ViewState, volume: Volume) -> str:
    """Return the name of a view's window, such as "lung window"; "" where it has none."""
    if not volume.on_hu_scale:
        return ""
    known = (
        name for _, w in PRESETS if (w.centre, w.width) == (view.window_centre, view.window_width) for name in [w.name]
    )
    return next((f"{name.lower()} window" for name in known), "")


def _near(view: ViewState, finding: Finding) -> bool:
    away = float(np.linalg.norm(np.subtract(view.cursor_lps_mm, finding.centre_lps_mm)))
    return away <= (finding.long_axis_mm or 0.0) + _NEAR_MM
