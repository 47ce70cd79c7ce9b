"""Words and numbers of text headers."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
_LONGEST_NUMBER = 400

LENGTHS_MM = {
    "m": 1000.0,
    "meter": 1000.0,
    "meters": 1000.0,
    "cm": 10.0,
    "centimeter": 10.0,
    "centimeters": 10.0,
    "mm": 1.0,
    "millimeter": 1.0,
    "millimeters": 1.0,
    "um": 0.001,
    "µm": 0.001,
    "μm": 0.001,
    "micron": 0.001,
    "microns": 0.001,
    "micrometer": 0.001,
    "micrometers": 0.001,
}
# DICOM's codes (PS3.3 C.7.3.1.1.1), the only words that are taken for a modality.
_MODALITIES = ("CT", "MR", "PT", "NM", "US", "XA", "CR", "DX", "MG", "SEG", "OT")


def whole_numbers_of(text: str) -> list[int]:
    """Return whole numbers between blanks.

    Raises
    ------
    ValueError
        Where one is none, or longer than 18 digits.
    """
    words = text.split()
    if not words or not all(map(_WHOLE.fullmatch, words)):
        raise ValueError("not whole numbers")
    return [int(word) for word in words]


def numbers_of(text: str) -> tuple[float, ...]:
    """Return numbers between blanks or commas, also those that are no finite ones.

    Raises
    ------
    ValueError
        Where one is none.
    """
    words = text.replace(",", " ").split()
    if not all(len(word) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(word) for word in words):
        raise ValueError("not numbers")
    return tuple(float(word) for word in words)


def modality_of(word: str) -> str:
    """Return a modality's DICOM code, "" where the word is none."""
    found = word.strip().strip('"').upper()
    return found if found in _MODALITIES else ""
