"""In what the images of one volume differ that lie one after another along the patient."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from viewer.io.image_names import of_their_own
from viewer.io.raw_values import plain
from viewer.io.telling import ATTRIBUTES, told_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.io.slice_header import Frame

_TOLD = ("tube voltage", "kernel", "contrast")
_ATTRIBUTES = tuple(attribute for attribute in ATTRIBUTES if attribute.name in _TOLD)
_NIGHT = 1


def differing_words(frames: Sequence[Frame]) -> str:
    """Return what is to be said of images of several voltages, kernels or days, or of which some have contrast.

    Those that do not say it do not count; "" for nothing.
    """
    if frames[0].localizer:
        return ""
    ways = list({(f.telling.tube_voltage, f.telling.kernel, f.telling.contrast_agent): f for f in frames}.values())
    told = [told_by(one, ways) for one in _ATTRIBUTES if len(ways) > 1]
    names = [one.attribute.name for one in told if len(set(one.values) - {None}) > 1]
    days = {f.telling.acquisition_date for f in frames}
    # Anonymising gives some series a day of its own for every image.
    if _days_apart(days) > _NIGHT and not of_their_own(len(days), len(frames)):
        names.append("day of acquisition")
    if not names:
        return ""
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"Not all images of this volume were made alike: they differ in {listed}."


def _days_apart(said: Iterable[bytes | None]) -> int:
    days = []
    for raw in said:
        try:
            days.append(date.fromisoformat(plain(raw).replace(".", "")).toordinal())
        except ValueError:
            continue
    return max(days) - min(days) if days else 0
