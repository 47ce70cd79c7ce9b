"""Units of values: as people read them, and what goes by Hounsfield units."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import SliceStack
from viewer.domain.value_units import decimals, number_words, unit_name, unit_words, with_unit
from viewer.domain.volume import SeriesFacts, Volume


def volume(unit: str, lowest: int = 0, **facts: object) -> Volume:
    stack = SliceStack((8, 8), (1, 1), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(3)])
    values = np.full(stack.shape_kji, lowest, dtype=np.int16)
    return Volume(SeriesFacts("1.2"), values, stack, values, stack.as_grid(), unit=unit, **facts)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("HU", "HU"), ("HU_MOD", "modified HU"), ("MGML", "mg/mL"), ("Z_EFF", "Z eff"), ("ED", "×10²³ e/mL"),
        ("EDW", "× water"), ("PCT", "%"), ("OD", "mOD"), ("BQML", "Bq/mL"), ("mm2/s", "mm2/s"),
        ("unknown", ""), ("", ""),
    ],
)  # fmt: skip
def test_units_are_said_as_people_read_them_and_no_unit_as_none(said: str, words: str) -> None:
    assert unit_words(said) == words
    assert with_unit("3.2", said) == f"3.2 {words}".strip()


def test_a_unit_that_a_number_alone_would_not_tell_has_a_name() -> None:
    assert unit_name("Z_EFF") == "effective atomic number (Z eff)"
    assert unit_name("MGML") == "mg/mL"
    assert unit_name("unknown") == ""


def test_a_unit_that_a_file_makes_up_takes_no_more_room_than_a_line_has() -> None:
    assert len(unit_words("WIDGETS PER CUBIC FORTNIGHT AND THEN SOME")) == 24


def test_hu_are_whole_and_other_values_have_three_digits_that_count() -> None:
    assert decimals("HU", (3.2, 0.1)) == decimals("HU_MOD", (3.2, 0.1)) == 0
    assert decimals("MGML", (12.34, 0.5, None)) == 1
    assert decimals("PROBABILITY", (0.0123,)) == 4
    assert decimals("BQML", (12345.6,)) == decimals("MGML", (0.0,)) == decimals("MGML", (float("nan"),)) == 0
    assert number_words(-0.004, 2) == "0.00"
    assert number_words(-7.126, 2) == "−7.13"


def test_a_stated_unit_never_goes_by_hu_however_low_its_values_are() -> None:
    assert not volume("MGML", -1000).suits_hu
    assert volume("HU").suits_hu
    assert volume("HU").is_hu
    modified = volume("HU_MOD")
    assert modified.suits_hu
    assert modified.on_hu_scale
    assert not modified.is_hu


def test_of_no_stated_unit_values_as_low_as_air_go_by_hu_and_padding_is_no_value() -> None:
    assert volume("unknown", -1000).suits_hu
    assert not volume("unknown", -1000).on_hu_scale
    assert not volume("unknown", 0).suits_hu
    assert not volume("unknown", -2000, padding=-2000.0).suits_hu


def test_what_has_not_been_read_yet_is_not_looked_at() -> None:
    known = volume("unknown", -1000)
    arrived = np.zeros(3, dtype=bool)
    assert not evolve(known, arrived=arrived).suits_hu
    assert evolve(known, arrived=np.array([False, True, False])).suits_hu
