"""What a record of findings must not say: two of one name, numbers that nothing has, a volume other than its outline's.

A record is text that anybody may have changed; what is read from it is shown as measured.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.finding import Localisation
from viewer.io.strict_json import WrongJsonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume
    from viewer.io.finding_record import FindingRecord

_COLOUR = re.compile("(#[0-9A-Fa-f]{6})?")
_CORNERS = 8
# A centre is that of voxels, bounds are those of their middles in some records.
_NEAR_MM = 1.0
_SAME_SHARE, _SAME_ML = 0.01, 0.001


def check_records(records: Sequence[FindingRecord], volume: Volume) -> None:
    """Refuse records that cannot be meant.

    Raises
    ------
    WrongJsonError
        Naming the key below "findings".
    """
    met: dict[str, set[object]] = {"id": set(), "tracking_uid": set(), "segment": set()}
    for number, record in enumerate(records):
        where = f"findings[{number}]"
        for key, before in met.items():
            value = getattr(record, key)
            if value == "":
                raise WrongJsonError(f"{where}.{key}: it is empty")
            if value is not None and value in before:
                raise WrongJsonError(f"{where}.{key}: another finding has the same")
            before.add(value)
        _check(record, where, volume)


def _check(record: FindingRecord, where: str, volume: Volume) -> None:
    for key in ("score", "probability"):
        value = getattr(record, key)
        if value is not None and not 0 <= value <= 1:
            raise WrongJsonError(f"{where}.{key}: it must lie between 0 and 1")
    for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "sd"):
        value = getattr(record, key)
        if value is not None and value < 0:
            raise WrongJsonError(f"{where}.{key}: it must not be below 0")
    for centre, (low, high) in zip(record.centre_lps_mm, record.bounds_lps_mm, strict=True):
        if low > high:
            raise WrongJsonError(f"{where}.bounds_lps_mm: it ends before it begins")
        if not low - _NEAR_MM <= centre <= high + _NEAR_MM:
            raise WrongJsonError(f"{where}.centre_lps_mm: it lies outside of its bounds")
    if not _COLOUR.fullmatch(record.colour):
        raise WrongJsonError(f"{where}.colour: a colour is written #RRGGBB")
    if record.window is not None and not record.window.usable:
        raise WrongJsonError(f"{where}.window: no values lie in a window of this centre and width")
    if record.corners_lps_mm is not None and len(record.corners_lps_mm) != _CORNERS:
        raise WrongJsonError(f"{where}.corners_lps_mm: a box has {_CORNERS} corners")
    if record.slices_k is not None:
        first, last = record.slices_k
        if not 0 <= first <= last < volume.stack.count:
            raise WrongJsonError(f"{where}.slices_k: the series has no such slices")


def check_volume(record: FindingRecord, mask: Mask | None, volume: Volume) -> None:
    """Refuse a record that says another volume than its outline has.

    Raises
    ------
    WrongJsonError
        With both.
    """
    outlined = mask is not None and record.localisation is Localisation.OUTLINE
    if mask is None or not outlined or record.volume_ml is None or not volume.measurable or volume.shrunk > 1:
        return
    stack = volume.stack
    area_mm2 = stack.pixel_spacing_mm[0] * stack.pixel_spacing_mm[1]
    counts = np.count_nonzero(mask.voxels, axis=(1, 2))
    own = float(counts @ stack.slice_weights_mm[mask.box[0]]) * area_mm2 / 1000
    if abs(own - record.volume_ml) > max(_SAME_ML, _SAME_SHARE * own):
        raise WrongJsonError(f"“{record.id}” says {record.volume_ml:.4g} mL, and its outline holds {own:.4g} mL")
