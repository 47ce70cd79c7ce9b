"""One image stored in several files (a concatenation): what is missing of it is named and nothing then trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from tests.io.conftest import opened
from tests.io.parts import entries
from tests.io.test_enhanced_frames import at
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.volume import Volume

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
PER_PART = 2


def write(made_ct: Any, numbers: Sequence[int], total: int | None, **elements: Any) -> None:
    """Write parts of two frames each, named against their order."""
    for number in numbers:
        write_part(made_ct, f"z{99 - number}", number, total, **elements)


def write_part(
    made_ct: Any, name: str, number: int | None, total: int | None, *, brighter: int = 0, **more: Any
) -> None:
    slices = [PER_PART * ((number or 1) - 1) + n for n in range(PER_PART)]
    said: dict[str, Any] = {
        "InstanceNumber": "1",
        "ConcatenationUID": "1.2.3.77",
        "InConcatenationNumber": number,
        "InConcatenationTotalNumber": total,
        "ConcatenationFrameOffsetNumber": slices[0],
        "places": True,
        **more,
    }
    places = said.pop("places")
    groups = [at(2.0 * k) if places else {} for k in slices]
    made_ct.frames(name, [made_ct.pixels(k) + np.int16(brighter) for k in slices], groups, **said)


def is_whole(made_ct: Any, volume: Volume, count: int) -> bool:
    return np.array_equal(volume.slices, np.stack([made_ct.pixels(k) for k in range(count)]).astype(int) - 1024)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_an_image_in_several_files_is_one_volume(made_ct: Any, syntax: str) -> None:
    write(made_ct, [2, 3, 1], 3, syntax=syntax)
    volume = opened(made_ct)
    assert (volume.verdict, volume.reasons) == (Verdict.OK, ())
    assert is_whole(made_ct, volume, 6)


@pytest.mark.parametrize(
    ("there", "total", "words"),
    [
        ([1], 2, "This image was stored in 2 files; part 2 is missing."),
        ([2], 2, "This image was stored in 2 files; part 1 is missing."),
        ([1, 4], 6, "This image was stored in 6 files; parts 2, 3, 5 and 6 are missing."),
        ([1], 65535, "This image was stored in 65535 files; parts 2 to 65535 are missing."),
        ([1, 2, 3], 2, ""),
        ([2], None, "This image was stored in several files; part 1 is missing, and how many there are is not said."),
        ([1], None, "Only part 1 of an image that was stored in several files is here; how many is not said."),
        ([None], None, "This image is a part of one that was stored in several files; which part is not said."),
    ],
)
def test_parts_that_are_missing_are_named(made_ct: Any, there: list[int], total: int | None, words: str) -> None:
    for n, number in enumerate(there):
        write_part(made_ct, f"f{n}", number, total)
    volume = opened(made_ct)
    assert [one for one in volume.reasons if "stored in" in one] == ([words] if words else [])
    assert volume.verdict is (Verdict.UNTRUSTED if words else Verdict.OK)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_a_missing_part_is_noticed_however_the_file_is_written(made_ct: Any, syntax: str) -> None:
    write(made_ct, [1], 2, syntax=syntax)
    assert opened(made_ct).reasons == ("This image was stored in 2 files; part 2 is missing.",)


def test_where_the_number_of_files_is_not_said_more_may_follow(made_ct: Any) -> None:
    write(made_ct, [1, 2], None)
    volume = opened(made_ct)
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ("This image was stored in several files, how many is not said; 2 are here.",)


def test_the_file_that_says_most_is_believed(made_ct: Any) -> None:
    write_part(made_ct, "a", 1, 2)
    write_part(made_ct, "b", 2, 3)
    assert opened(made_ct).reasons == ("This image was stored in 3 files; part 3 is missing.",)


def test_a_part_that_is_there_twice_counts_once(made_ct: Any) -> None:
    write(made_ct, [1, 2], 3)
    write_part(made_ct, "again", 2, 3)
    volume = opened(made_ct)
    assert is_whole(made_ct, volume, 4)
    assert volume.verdict is Verdict.UNTRUSTED
    assert "This image was stored in 3 files; part 3 is missing." in volume.reasons
    assert "2 images are there twice; the copies were left out." in volume.reasons


def test_two_different_files_for_one_part_are_not_trusted(made_ct: Any) -> None:
    write(made_ct, [1, 2, 3], 3)
    write_part(made_ct, "again", 2, 3, brighter=50)
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("Different images lie at the same place" in reason for reason in volume.reasons)
    assert volume.slices.shape[0] == 6


def test_without_places_the_parts_follow_each_other_by_their_numbers(made_ct: Any) -> None:
    for number in (3, 1, 2):
        write_part(made_ct, f"z{9 - number}", number, 3, places=False)
    volume = opened(made_ct)
    # Seen from the feet, the next image is the one below.
    assert is_whole(made_ct, evolve(volume, slices=volume.slices[::-1]), 6)
    assert volume.verdict is Verdict.UNTRUSTED


def test_phases_share_the_doubt_as_the_missing_part_may_belong_to_any(made_ct: Any) -> None:
    for number in (1, 2):
        groups = [at(2.0 * k, FrameContentSequence={"TemporalPositionIndex": number}) for k in range(3)]
        made_ct.frames(
            f"f{number}",
            [made_ct.pixels(k + number) for k in range(3)],
            groups,
            ConcatenationUID="1.2.3.77",
            InConcatenationNumber=number,
            InConcatenationTotalNumber=3,
        )
    found = entries(made_ct)
    assert len(found) == 2
    for entry in found:
        assert assemble(entry, JobContext()).reasons == ("This image was stored in 3 files; part 3 is missing.",)


def test_several_images_in_files_are_judged_each_for_itself(made_ct: Any) -> None:
    for n in range(3):
        for number in (1, 2) if n == 1 else (1,):
            slices = [4 * n + 2 * (number - 1) + k for k in range(2)]
            made_ct.frames(
                f"f{n}{number}",
                [made_ct.pixels(k) for k in slices],
                [at(2.0 * k) for k in slices],
                ConcatenationUID=f"1.2.3.{n}",
                InConcatenationNumber=number,
                InConcatenationTotalNumber=2,
            )
    assert "Of 2 images that were stored in several files each, parts are missing." in opened(made_ct).reasons
