"""A finding's numbers in words, with units and a true minus; "–" where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.finding import Localisation, SourceKind
from viewer.domain.geometry import PLANE_AXES
from viewer.domain.value_units import decimals, number_words, with_unit

if TYPE_CHECKING:
    from viewer.domain.finding import Finding

NONE = "–"
# A long axis this much along a plane is said to lie in it.
_IN_PLANE = 0.985


def size_words(finding: Finding) -> str:
    """Return the longest distance inside, such as "29.5 mm"."""
    return f"{finding.long_axis_mm:.1f} mm" if finding.long_axis_mm is not None else NONE


_NOT_MEASURED = {
    Localisation.BOX: "Not measured: found as a box",
    Localisation.MAP: "Not measured: a map of where it looked",
    Localisation.SLICES: "Not measured: known by slices",
    Localisation.SERIES: "Not measured: said of the series",
}


def volume_words(finding: Finding) -> str:
    """Return the volume, with as many digits as it deserves: "0.27 mL", "11.5 mL", "1240 mL"; or why there is none."""
    volume = finding.volume_ml
    if finding.localisation in _NOT_MEASURED:
        return _NOT_MEASURED[finding.localisation]
    return NONE if volume is None else ml_words(volume)


def ml_words(volume: float) -> str:
    """Return a volume in mL with as many digits as it deserves."""
    if volume >= 100:
        return f"{volume:.0f} mL"
    return f"{volume:.1f} mL" if volume >= 1 else f"{volume:.2f} mL" if volume >= 0.005 else "< 0.01 mL"


def score_words(score: float | None) -> str:
    """Return a score with two digits."""
    return f"{score:.2f}" if score is not None else NONE


def long_axis_words(finding: Finding) -> str:
    """Return the long and the short axis and the plane that the long one lies in: "29.5 × 12.0 mm, axial"."""
    if finding.long_axis_mm is None:
        return NONE
    ends = finding.long_axis_lps_mm
    if ends is None:
        return size_words(finding)
    if finding.localisation is Localisation.BOX and finding.corners_lps_mm is not None:
        corners = finding.corners_lps_mm
        edges = " × ".join(f"{float(np.linalg.norm(corners[n] - corners[0])):.1f}" for n in (1, 2, 4))
        return f"Box of {edges} mm"
    along = np.asarray(ends[1]) - np.asarray(ends[0])
    length = float(np.linalg.norm(along))
    for name, axes in PLANE_AXES.items():
        if length > 0 and np.sqrt(1 - min(1.0, (float(along @ axes.into) / length) ** 2)) >= _IN_PLANE:
            return f"{_axes_words(finding)}, {name.value}"
    return f"{_axes_words(finding)}, oblique"


def _axes_words(finding: Finding) -> str:
    if finding.short_axis_mm is None:
        return size_words(finding)
    return f"{finding.long_axis_mm:.1f} × {finding.short_axis_mm:.1f} mm"


def mean_words(finding: Finding, unit: str) -> str:
    """Return mean and standard deviation of the values inside."""
    if finding.mean is None:
        return NONE
    digits = decimals(unit, (finding.mean, finding.sd))
    spread = f" ± {number_words(finding.sd, digits)}" if finding.sd is not None else ""
    return with_unit(f"{number_words(finding.mean, digits)}{spread}", unit)


def centre_words(finding: Finding) -> str:
    """Return the centre in LPS mm, such as "−88.0, −26.4, 9.9 mm"; or why there is none."""
    if finding.localisation is Localisation.SERIES:
        return "No place: said of the series"
    if finding.localisation is Localisation.SLICES and finding.slices_k is not None:
        first, last = finding.slices_k
        return f"Slices {first + 1} to {last + 1}, no place within them"
    return (", ".join(f"{value + 0.0:.1f}" for value in finding.centre_lps_mm) + " mm").replace("-", "−")


def source_words(finding: Finding) -> str:
    """Return who found it: the model with its version, a reader, or the ground truth."""
    source = finding.source
    if source.kind is SourceKind.READER:
        return f"Reader {source.name}".strip()
    if source.kind is SourceKind.TRUTH:
        return "Ground truth"
    return f"{source.name} {source.version}".strip()


def sureness_words(finding: Finding) -> str:
    """Return how sure a model was: "0.95", with its probability where that is known, or that it goes by fixed rules."""
    if finding.score is not None:
        chance = f", probability {finding.probability * 100:.0f} %" if finding.probability is not None else ""
        return f"{finding.score:.2f}{chance}"
    return "None: fixed rules" if finding.source.rules else NONE
