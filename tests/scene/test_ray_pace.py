"""Rays that a picture casts: as many as this machine draws in time, and never so many that a card seems dead."""

from __future__ import annotations

import pytest

from viewer.scene.quality import Quality
from viewer.scene.ray_pace import BY_CARD, BY_PROCESSOR, Limits, RayPace

WORK_600 = 600 * 600 / 0.5
WORK_4K = 3840 * 2160 / 0.5


def turned(pace: RayPace, seconds_per_work: float, work: float, times: int = 12) -> tuple[float, float]:
    """Turn on a machine that needs so long for a ray per pixel; return px per ray and seconds of the last picture."""
    px = seconds = 0.0
    for _ in range(times):
        px = pace.px(Quality.MOVING, 1.0, work)
        seconds = seconds_per_work * work / px**2
        pace.took(Quality.MOVING, seconds, px, work)
    return px, seconds


def test_a_quick_card_turns_with_a_ray_for_each_pixel_even_on_the_largest_screen() -> None:
    px, seconds = turned(RayPace(BY_CARD), 0.005 / WORK_4K, WORK_4K)
    assert px == 1.0
    assert seconds < 0.033


def test_a_slow_card_turns_smoothly_with_fewer_rays() -> None:
    px, seconds = turned(RayPace(BY_CARD), 0.1 / WORK_600, WORK_600)
    assert 1.0 < px < 4.0
    assert seconds < 0.033


@pytest.mark.parametrize("limits", [BY_CARD, BY_PROCESSOR])
def test_rays_stay_within_what_still_shows_something(limits: Limits) -> None:
    assert turned(RayPace(limits), 100.0, 1.0)[0] == limits.moving_px[1]
    assert turned(RayPace(limits), 1e-9, 1.0)[0] == limits.moving_px[0]


def test_a_picture_at_rest_on_a_slow_card_ends_long_before_windows_takes_its_driver_for_dead() -> None:
    pace = RayPace(BY_CARD)
    assert pace.needs_trial
    slow_s = 0.2 / WORK_600
    turned(pace, slow_s, WORK_600)
    assert not pace.needs_trial
    for work in (WORK_600, WORK_4K):
        for quality in (Quality.SETTLING, Quality.STILL):
            px = pace.px(quality, 1.0, work)
            assert slow_s * work / px**2 < 1.0
    assert pace.px(Quality.STILL, 1.0, WORK_600) == 1.0, "where there is time, all is drawn"


def test_the_first_picture_of_a_volume_says_nothing_about_speed() -> None:
    pace = RayPace(BY_CARD)
    pace.took(Quality.MOVING, 5.0, 4.0, WORK_600)
    assert pace.needs_trial
    pace.took(Quality.MOVING, 0.001, 4.0, WORK_600)
    assert not pace.needs_trial
    pace.forget_first()
    pace.took(Quality.MOVING, 5.0, 4.0, WORK_600)
    assert pace.px(Quality.STILL, 1.0, WORK_600) == 1.0


def test_where_the_processor_draws_all_that_there_is_to_see_is_shown_at_rest() -> None:
    pace = RayPace(BY_PROCESSOR)
    assert not pace.needs_trial
    turned(pace, 100.0, 1.0)
    assert pace.px(Quality.STILL, 1.3, WORK_4K) == 1.3
