"""Strips of a picture are made on several cores, and waited for only as long as it takes to make them."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest

from viewer.scene.interpolation import Samples, paint
from viewer.scene.strips import make_strips
from viewer.scene.window_table import window_table


def test_each_strip_is_made_once_and_all_are_when_the_call_returns() -> None:
    for _ in range(200):
        made: list[int] = []
        make_strips(range(7), made.append)
        assert Counter(made) == Counter(range(7))


def test_a_picture_is_not_held_up_by_threads_that_are_busy_with_another_one() -> None:
    let_go, begun = threading.Event(), threading.Event()

    def slow(_strip: int) -> None:
        begun.set()
        let_go.wait(20)

    other = threading.Thread(target=make_strips, args=(range(8), slow))
    other.start()
    try:
        assert begun.wait(10)
        made: list[int] = []
        quick = threading.Thread(target=make_strips, args=(range(5), made.append))
        quick.start()
        quick.join(10)
        assert not quick.is_alive()
        assert sorted(made) == list(range(5))
    finally:
        let_go.set()
        other.join(20)


@pytest.mark.parametrize("faulty", range(5))
def test_what_goes_wrong_in_a_strip_is_told_to_who_asked_for_the_picture(faulty: int) -> None:
    def make(strip: int) -> None:
        if strip == faulty:
            raise MemoryError("no room for a strip")

    with pytest.raises(MemoryError, match="no room"):
        make_strips(range(5), make)


@pytest.mark.parametrize("rows", [449, 450, 451, 900, 1333])
def test_a_picture_of_many_strips_is_the_one_of_its_rows_made_alone(rows: int) -> None:
    image = np.random.default_rng(5).normal(0, 300, (128, 128)).astype(np.float32)
    table = window_table(40, 400)
    down = Samples(0, 1, *_places(rows))
    across = Samples(0, 1, *_places(900))
    picture = np.zeros((rows, 900), np.uint32)
    paint(picture, image, down, across, table)
    alone = np.zeros((1, 900), np.uint32)
    for row in range(rows):
        one = Samples(0, 1, down.lower[row : row + 1], down.share[row : row + 1], down.nearest[row : row + 1])
        paint(alone, image, one, across, table)
        assert np.array_equal(picture[row], alone[0]), row


def _places(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    places = np.linspace(0, 126.9, count)
    lower = places.astype(np.intp)
    return lower, (places - lower).astype(np.float32), np.floor(places + 0.5).astype(np.intp)
