"""What a measurement says: its values in words, with as many digits as can be meant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from viewer.analysis.region import region_values
from viewer.domain.geometry import position_words
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.plane_turn import angle_rad
from viewer.domain.value_units import decimals, number_words, unit_words, with_unit
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.services.measuring import turned_by

if TYPE_CHECKING:
    from viewer.domain.measured import RegionValues
    from viewer.domain.volume import Volume

_MOST_KEPT = 400
NOT_MEASURED = "Not measured"
_CROSSING = "Crosses itself: what it goes around twice is outside"

# A region's values are asked for with every picture, and looked up only once. Nothing here keeps a volume alive.
_known: WeakKeyDictionary[Volume, dict[Measurement, RegionValues]] = WeakKeyDictionary()


def values_of(region: Measurement, volume: Volume) -> RegionValues:
    """Return a region's values, computed the first time that they are asked for."""
    known = _known.setdefault(volume, {})
    if region not in known:
        if len(known) >= _MOST_KEPT:
            known.clear()
        known[region] = region_values(region, volume)
    return known[region]


def length_words(length_mm: float) -> str:
    """Return a length, such as "12.3 mm"."""
    return f"{length_mm:.1f} mm"


def angle_words(angle_deg: float) -> str:
    """Return an angle, such as "43.2°"."""
    return f"{angle_deg:.1f}°"


def area_words(area_mm2: float) -> str:
    """Return an area, such as "8.1 mm²", "64 mm²" or, with a narrow gap between the thousands, "1450 mm²"."""
    if area_mm2 < 9.95:
        return f"{area_mm2:.1f} mm²"
    return f"{area_mm2:,.0f} mm²".replace(",", "\u202f")


def value_words(measurement: Measurement, volume: Volume) -> str:
    """Return the one value that counts most: length, axes, angle, a region's mean ± SD, or its area without a unit.

    Of a text or an arrow its words; they may name somebody.
    """
    if measurement.kind.bears_words:
        return measurement.text
    if not volume.measurable:
        return NOT_MEASURED
    if measurement.kind is MeasurementKind.LENGTH:
        return length_words(measurement.length_mm)
    if measurement.kind is MeasurementKind.TWO_AXES:
        longer, shorter = sorted((measurement.length_mm, measurement.second_length_mm), reverse=True)
        return f"{longer:.1f} × {length_words(shorter)}"
    if measurement.kind in (MeasurementKind.ANGLE, MeasurementKind.COBB):
        return angle_words(measurement.angle_deg)
    if not unit_words(volume.unit):
        return area_words(measurement.area_mm2)
    values = values_of(measurement, volume)
    if values.mean is None or values.sd is None:
        return "No pixels"
    digits = _digits(values, volume)
    spread = f"{number_words(values.mean, digits)} ± {number_words(values.sd, digits)}"
    return with_unit(spread, volume.unit)


def more_words(measurement: Measurement, volume: Volume) -> tuple[str, ...]:
    """Return what else is known of a region, a line each: area, extremes, pixels, and what the values are made of."""
    if not measurement.kind.is_region or not volume.measurable:
        return ()
    width, height = measurement.size_mm
    size = f"{width:.1f} × {height:.1f} mm"
    crossing = measurement.crosses_itself
    if not unit_words(volume.unit):
        return (_CROSSING if crossing else size, "No HU: the unit is unknown")
    values = values_of(measurement, volume)
    lines = [area_words(measurement.area_mm2)]
    if values.least is not None and values.most is not None:
        pixels = "" if values.interpolated else f" · {values.count:,} px".replace(",", "\u202f")
        lines = [area_words(measurement.area_mm2) + pixels, _range_words(values, volume)]
    lines.append(_CROSSING if crossing else size)
    if values.interpolated:
        lines.append("Interpolated")
    elif volume.shrunk > 1:
        lines.append(f"Of means over {volume.shrunk} × {volume.shrunk} pixels")
    return tuple(lines)


def _digits(values: RegionValues, volume: Volume) -> int:
    """Return how many digits behind the point all numbers of a region are said with."""
    return decimals(volume.unit, (values.mean, values.sd, values.least, values.most))


def _range_words(values: RegionValues, volume: Volume) -> str:
    digits = _digits(values, volume)
    ends = (number_words(value, digits) for value in (values.least, values.most) if value is not None)
    return with_unit(" to ".join(ends), volume.unit)


def label_lines(
    measurement: Measurement, volume: Volume, *, all_of_it: bool, slab: bool = False, brief: bool = False
) -> tuple[str, ...]:
    """Return what stands beside a measurement on a picture: its value and area, all of it where it is in hand.

    Where a slab is shown, a region says that its values are not the slab's. `brief` leaves the area to the list.
    """
    lines = _label_lines(measurement, volume, all_of_it, brief)
    if not (slab and measurement.kind.is_region and unit_words(volume.unit)):
        return lines
    return (*lines, "Of one image" if brief else "Of one image, not the slab")


def place_words(measurement: Measurement, volume: Volume | None) -> str:
    """Return where a measurement was drawn, such as "Axial, H 12.3 mm" or "Coronal, turned 15°, P 5.8 mm"."""
    axis = AXIS_ALONG[measurement.plane][2]
    turn = None if volume is None else turned_by(measurement, volume)
    turned = "" if turn is None else f"turned {math.degrees(angle_rad(turn)):.0f}°, "
    place = position_words(axis, measurement.centre_lps_mm[axis])
    return f"{measurement.plane.value.capitalize()}, {turned}{place}"


def _label_lines(measurement: Measurement, volume: Volume, all_of_it: bool, brief: bool) -> tuple[str, ...]:
    first, more = value_words(measurement, volume), more_words(measurement, volume)
    if all_of_it or not more or not unit_words(volume.unit):
        return (first, *more) if all_of_it else (first,)
    interpolated = ("Interpolated",) if values_of(measurement, volume).interpolated else ()
    return (first, *(() if brief else (area_words(measurement.area_mm2),)), *interpolated)
