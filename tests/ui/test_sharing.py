"""Lists that stand below one another share the height of their panel."""

from __future__ import annotations

import pytest

from viewer.ui.review.sharing import Need, shared


@pytest.mark.parametrize(
    ("room", "needs", "given"),
    [
        (1000, ((72, 144), (160, 480)), (144, 480)),
        (500, ((72, 720), (160, 480)), (206, 294)),
        (500, ((72, 144), (160, 480), (96, 96)), (144, 260, 96)),
        (100, ((72, 720), (160, 480)), (72, 160)),
        (300, ((300, 0), (0, 0)), (300, 0)),
    ],
)
def test_each_list_has_its_least_and_the_rest_goes_to_those_that_are_not_whole(
    room: int, needs: tuple[tuple[int, int], ...], given: tuple[int, ...]
) -> None:
    assert shared(room, [Need(*need) for need in needs]) == given


def test_nothing_of_the_room_is_given_twice_or_lost() -> None:
    needs = [Need(10, 101), Need(20, 500), Need(0, 37)]
    for room in range(30, 700, 7):
        given = shared(room, needs)
        assert sum(given) == min(room, sum(need.most_px for need in needs))
