"""Units of values: what files call them, what people call them, and with how many digits they are said.

A volume keeps the word of its file, such as DICOM's "MGML", because other programs know it; people read "mg/mL".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HU = "HU"
MODIFIED_HU = "HU_MOD"
UNKNOWN = "unknown"
# Air in CT lies near −1000 HU; no other common image has values as low as this in a file without a stated unit.
PLAUSIBLE_AIR_HU = -500
_MOST_LETTERS = 24
_DIGITS_THAT_COUNT = 3
_MOST_DECIMALS = 6

# DICOM PS3.3 C.11.1.1.2 (Rescale Type) and C.8.9.1.1.3 (Units of PET): in short as it stands behind a number, and in
# words where a number alone would not tell what is meant.
_SYMBOLS = {
    "HU_MOD": "modified HU",
    "OD": "mOD",
    "MGML": "mg/mL",
    "MG/ML": "mg/mL",
    "Z_EFF": "Z eff",
    "ED": "×10²³ e/mL",
    "EDW": "× water",
    "PCT": "%",
    "BQML": "Bq/mL",
    "GML": "g/mL",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "∝ counts",
    "PROPCPS": "∝ counts/s",
    "PCNT": "%",
    "NONE": "without unit",
    "CM2": "cm²",
    "CM2ML": "cm²/mL",
    "MGMINML": "mg/min/mL",
    "UMOLMINML": "µmol/min/mL",
    "MLMING": "mL/min/g",
    "MLG": "mL/g",
    "1CM": "1/cm",
    "UMOLML": "µmol/mL",
    "MLMINML": "mL/min/mL",
    "MLML": "mL/mL",
    "STDDEV": "SD",
}
_NAMES = {
    "HU_MOD": "Hounsfield units that were modified",
    "OD": "thousandths of optical density (mOD)",
    "Z_EFF": "effective atomic number (Z eff)",
    "ED": "electron density (×10²³ electrons per mL)",
    "EDW": "electron density against that of water (× water)",
    "NONE": "numbers without a unit",
}


def unit_words(unit: str) -> str:
    """Return a unit as it stands behind a number, such as "mg/mL"; "" where it is not known, or there is none."""
    if unit in ("", UNKNOWN):
        return ""
    words = _SYMBOLS.get(unit, unit)
    return words if len(words) <= _MOST_LETTERS else f"{words[: _MOST_LETTERS - 1]}…"


def unit_name(unit: str) -> str:
    """Return a unit in words for a sentence: "effective atomic number (Z eff)", "mg/mL"; "" where it is not known."""
    return _NAMES.get(unit, unit_words(unit))


def with_unit(number: str, unit: str) -> str:
    """Return a number in words with its unit behind it: a per cent too, the unit left out where it is not known."""
    return f"{number} {unit_words(unit)}".rstrip()


def is_on_hu_scale(unit: str) -> bool:
    """Return whether 0 is water and −1000 air: of HU, and of HU that were modified.

    Modified HU (DICOM HU_MOD) are CT in which a material was enhanced or taken away. They are looked at as CT is, and
    are no attenuation that was measured: no report and no model takes them for it.
    """
    return unit in (HU, MODIFIED_HU)


def decimals(unit: str, values: Iterable[float | None]) -> int:
    """Return how many digits behind the point values are said with: none for HU, else three that count of the largest.

    None and what is not finite are left out.
    """
    if is_on_hu_scale(unit):
        return 0
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    if largest == 0:
        return 0
    return min(max(_DIGITS_THAT_COUNT - 1 - math.floor(math.log10(largest)), 0), _MOST_DECIMALS)


def number_words(value: float, digits: int) -> str:
    """Return a number with so many digits behind the point and a true minus; what rounds to nothing is 0, not −0."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
