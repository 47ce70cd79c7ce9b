from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis.body_part import BodyPart, body_part, may_show_face, says_arteries
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume

ROWS = COLUMNS = 110
SLICES = 40
SPACING_MM = (4.0, 4.0, 5.0)


def ellipses(halves_mm: list[tuple[float, float]], *, lung: bool = False, **facts: object) -> Volume:
    """Return a volume with an ellipse of tissue in each slice, of half axes in mm."""
    j, i = np.indices((ROWS, COLUMNS))
    x, y = (i - COLUMNS / 2) * SPACING_MM[0], (j - ROWS / 2) * SPACING_MM[1]
    voxels = np.full((len(halves_mm), ROWS, COLUMNS), -1000, dtype=np.int16)
    for k, (a, b) in enumerate(halves_mm):
        if a:
            voxels[k][(x / a) ** 2 + (y / b) ** 2 < 1] = 40
        if a and lung:
            for side in (-1, 1):
                voxels[k][((x - side * a / 2) / (a * 0.38)) ** 2 + (y / (b * 0.7)) ** 2 < 1] = -850
    positions = [(-220.0, -220.0, SPACING_MM[2] * k) for k in range(len(halves_mm))]
    stack = SliceStack((COLUMNS, ROWS), SPACING_MM[:2], (1, 0, 0), (0, 1, 0), positions)
    return Volume(SeriesFacts("1.2.3", modality="CT", **facts), voxels, stack, voxels, stack.as_grid())


TRUNK, HEAD = (170.0, 115.0), (75.0, 95.0)


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        ({"body_part": "HEAD"}, BodyPart.HEAD),
        ({"body_part": "BRAIN"}, BodyPart.HEAD),
        ({"study_description": "CT Thorax nativ"}, BodyPart.CHEST),
        ({"description": "CT CH/ABD/PEL W/ CONTRAST"}, BodyPart.ABDOMEN),
        ({"body_part": "EXTREMITY"}, BodyPart.OTHER),
        ({}, BodyPart.OTHER),
    ],
)
def test_the_part_of_the_body_is_what_the_series_says(facts: dict[str, str], part: BodyPart) -> None:
    assert body_part(ellipses([TRUNK] * SLICES, **facts)) is part


def test_a_series_that_says_nothing_is_a_chest_where_much_of_it_is_lung() -> None:
    assert body_part(ellipses([TRUNK] * SLICES, lung=True)) is BodyPart.CHEST


@pytest.mark.parametrize(
    ("words", "arteries"),
    [
        ("CTA abdomen", True),
        ("Abdomen arterial phase", True),
        ("Angiographie Abdomen", True),
        ("CT CH/ABD/PEL W/ CONTRAST", False),
        ("Abdomen portal venous", False),
        ("Abdomen arterial and portal", False),
        ("CTA abdomen without contrast", False),
        ("Abdomen", False),
    ],
)
def test_that_arteries_are_filled_and_veins_are_not_is_what_the_description_says(words: str, arteries: bool) -> None:
    assert says_arteries(ellipses([TRUNK] * 4, study_description=words)) is arteries


def test_a_trunk_alone_shows_no_face() -> None:
    assert not may_show_face(ellipses([(0, 0), *[TRUNK] * SLICES]))


def test_the_lower_neck_on_a_chest_is_no_face_but_a_head_on_it_may_be() -> None:
    neck = [(55.0, 60.0)] * 8
    assert not may_show_face(ellipses([*[TRUNK] * SLICES, *neck]))
    assert may_show_face(ellipses([*[TRUNK] * SLICES, *neck, *[HEAD] * 20]))


def test_a_head_may_show_a_face_whatever_its_series_says() -> None:
    assert may_show_face(ellipses([HEAD] * SLICES, body_part="ABDOMEN"))
    assert may_show_face(ellipses([HEAD] * 8))


def test_a_series_that_says_head_may_show_a_face_however_large_it_is() -> None:
    assert may_show_face(ellipses([TRUNK] * SLICES, study_description="Head and neck"))


def test_a_volume_without_hu_or_still_being_read_counts_as_a_face() -> None:
    volume = ellipses([TRUNK] * SLICES)
    assert may_show_face(evolve(volume, unit="unknown"))
    assert may_show_face(evolve(volume, arrived=np.zeros(SLICES, dtype=bool)))


def framed(volume: Volume, *, at_mm: float, hu: int, beyond: bool) -> Volume:
    """Return a volume with a ring around the middle of each slice, or with all that lies beyond it, of one value."""
    j, i = np.indices((ROWS, COLUMNS))
    away_mm = np.hypot((i - COLUMNS / 2) * SPACING_MM[0], (j - ROWS / 2) * SPACING_MM[1])
    voxels = np.array(volume.slices)
    voxels[:, away_mm > at_mm if beyond else np.abs(away_mm - at_mm) < 10.0] = hu
    return evolve(volume, slices=voxels, voxels=voxels)


def test_a_head_in_a_frame_that_goes_all_around_it_may_show_its_face() -> None:
    assert may_show_face(framed(ellipses([HEAD] * SLICES), at_mm=150.0, hu=300, beyond=False))


@pytest.mark.parametrize("at_mm", [120.0, 200.0])
def test_a_head_in_a_round_field_of_view_may_show_its_face_whatever_stands_for_nothing_around_it(at_mm: float) -> None:
    assert may_show_face(framed(ellipses([HEAD] * SLICES), at_mm=at_mm, hu=0, beyond=True))


def test_a_trunk_with_lungs_shows_none() -> None:
    assert not may_show_face(ellipses([TRUNK] * SLICES, lung=True))
