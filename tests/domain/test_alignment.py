"""Where a place of one volume lies in another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from viewer.domain.alignment import Alignment
from viewer.domain.plane_turn import about

PLACE = (12.0, -34.0, 56.0)


def test_nothing_moves_where_nothing_was_aligned() -> None:
    assert Alignment().of(PLACE) == PLACE
    assert Alignment().words(PLACE) == ""


def test_there_and_back_is_where_it_was() -> None:
    way = Alignment(about((1.0, 2.0, 3.0), 0.4), (5.0, -6.0, 7.0))
    assert way.back.of(way.of(PLACE)) == pytest.approx(PLACE)
    assert way.of(way.back.of(PLACE)) == pytest.approx(PLACE)


def test_turning_about_a_place_leaves_that_place_where_it_is() -> None:
    way = Alignment(shift_mm=(5.0, 0.0, -9.0))
    there = way.of(PLACE)
    turned = way.turned_about((0.0, 0.0, 1.0), math.radians(90), there)
    assert turned.of(PLACE) == pytest.approx(there)
    # Right-hand rule about z: what lay 10 mm to the left now lies 10 mm behind.
    beside = np.add(PLACE, (10.0, 0.0, 0.0))
    assert np.subtract(turned.of(beside), there) == pytest.approx((0.0, 10.0, 0.0), abs=1e-9)


def test_two_places_meet_whatever_the_turn_is() -> None:
    way = Alignment(about((0.0, 1.0, 0.0), 1.0), (1.0, 2.0, 3.0)).meeting(PLACE, (7.0, 8.0, 9.0))
    assert way.of(PLACE) == pytest.approx((7.0, 8.0, 9.0))
    assert way.turned == about((0.0, 1.0, 0.0), 1.0)


def test_words_say_how_far_and_whereto() -> None:
    assert Alignment(shift_mm=(-3.0, 0.0, 12.04)).words(PLACE) == "3.0 mm towards the right, 12.0 mm towards the head"
    assert Alignment(shift_mm=(0.1, 0.04, 0.0)).words(PLACE) == "0.1 mm towards the left"
    assert Alignment(shift_mm=(0.0, -2.0, -7.5)).words(PLACE) == "2.0 mm towards the front, 7.5 mm towards the feet"
    assert Alignment(shift_mm=(0.0, 2.0, 0.0)).words(PLACE) == "2.0 mm towards the back"
    turned = Alignment().turned_about((0.0, 0.0, 1.0), math.radians(4), PLACE)
    assert turned.words(PLACE) == "turned 4.0°"
