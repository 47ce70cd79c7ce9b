"""Several images at one place where copies, short scans or a second clock make it harder to tell phases apart."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.parts import entries, opened
from tests.io.test_phases import SLICES, axial, holds_phase, write
from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERED = {
    "phase after phase": lambda p, k: SLICES * p + k + 1,
    "place after place": lambda p, k: 2 * k + p + 1,
}


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime", "TriggerTime"])
def test_two_kernels_are_not_mixed_where_two_computers_took_turns_in_making_both(made_ct: Any, clock: str) -> None:
    write(made_ct, 2, lambda p, k: {"ConvolutionKernel": ("SOFT", "BONE")[1 - p], clock: f"1015{(p + k) % 2:02}"})
    assert [e.part for e in entries(made_ct)] == ["kernel BONE", "kernel SOFT"]
    assert all(holds_phase(made_ct, volume, p) for p, volume in enumerate(opened(made_ct)))


def test_a_copy_under_another_uid_in_one_of_several_phases_and_kernels_is_left_out_there(made_ct: Any) -> None:
    def said(p: int, _: int) -> dict[str, Any]:
        return {"TemporalPositionIdentifier": str(p // 2), "ConvolutionKernel": ("BONE", "SOFT")[p % 2]}

    write(made_ct, 4, said)
    made_ct.slice("again", made_ct.pixels(2), axial()[2], **said(0, 2), InstanceNumber="99")
    volumes = opened(made_ct)
    assert all(holds_phase(made_ct, volume, p) for p, volume in enumerate(volumes))
    assert [volume.reasons for volume in volumes] == [
        ("1 image is there twice; the copies were left out.",),
        (),
        (),
        (),
    ]


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime", "TriggerTime"])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_scan_of_less_of_the_patient_is_a_part_where_a_standing_clock_alone_tells_it(
    made_ct: Any, clock: str, numbered: bool
) -> None:
    def said(p: int, k: int) -> dict[str, Any]:
        return {clock: f"10{15 + p}00"} | ({"AcquisitionNumber": str(k)} if numbered else {})

    write(made_ct, 3, said, positions=axial(10), leave_out={(1, k) for k in range(4, 10)})
    volumes = opened(made_ct)
    assert [volume.stack.count for volume in volumes] == [10, 4, 10]
    assert all(holds_phase(made_ct, volumes[p], p, range(4 if p == 1 else 10)) for p in range(3))


def test_a_copy_under_another_uid_does_not_hide_that_a_scan_is_one_of_less_of_the_patient(made_ct: Any) -> None:
    def said(p: int, _: int) -> dict[str, str]:
        return {"AcquisitionTime": f"10{15 + p}00"}

    write(made_ct, 3, said, positions=axial(10), leave_out={(1, k) for k in range(4, 10)})
    made_ct.slice("again", made_ct.pixels(2) + np.int16(100), axial(10)[2], **said(1, 2), InstanceNumber="99")
    volumes = opened(made_ct)
    assert all(holds_phase(made_ct, volumes[p], p, range(4 if p == 1 else 10)) for p in range(3))
    assert [len(volume.reasons) for volume in volumes] == [0, 1, 0]


@pytest.mark.parametrize("by", ["a clock that runs", *NUMBERED])
@pytest.mark.parametrize("copies", [1, 2 * SLICES], ids=["one image", "all"])
def test_phases_that_only_their_order_tells_stay_phases_where_images_were_copied(
    made_ct: Any, by: str, copies: int
) -> None:
    write(
        made_ct,
        2,
        lambda p, k: (
            {"InstanceNumber": str(NUMBERED[by](p, k))} if by in NUMBERED else {"ContentTime": f"12{p:02}{k:02}"}
        ),
    )
    for path in sorted(made_ct.folder.iterdir())[:copies]:
        shutil.copy(path, made_ct.folder / f"copy of {path.name}")
    volumes = opened(made_ct)
    assert [volume.part.partition(",")[0] for volume in volumes] == ["phase 1 of 2", "phase 2 of 2"]
    assert all(holds_phase(made_ct, volume, p) for p, volume in enumerate(volumes))


ORDERED: dict[str, Callable[[int, int], dict[str, str]]] = {
    "a clock that runs": lambda p, k: {"ContentTime": f"12{p:02}{k:02}"},
    "a clock that runs downwards": lambda p, k: {"AcquisitionTime": f"12{p:02}{20 - k:02}"},
    "numbers": lambda p, k: {"InstanceNumber": str(12 * p + k + 1)},
}


@pytest.mark.parametrize("by", ORDERED)
@pytest.mark.parametrize("missing", [{(1, 4)}, {(0, 11), (1, 0)}, {(0, 0), (2, 3), (2, 4)}, {(1, 10), (1, 11)}])
def test_an_image_missing_in_a_phase_that_only_its_order_tells_is_missing_there_alone(
    made_ct: Any, by: str, missing: set[tuple[int, int]]
) -> None:
    write(made_ct, 3, ORDERED[by], positions=axial(12), leave_out=missing)
    for p, volume in enumerate(opened(made_ct)):
        own = [k for k in range(12) if (p, k) not in missing]
        within = own[-1] - own[0] + 1 - len(own)
        assert volume.stack.heights_mm.tolist() == [2.0 * k for k in own]
        values = [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in own]
        assert np.array_equal(volume.slices, values)
        assert volume.verdict is (Verdict.UNTRUSTED if within else Verdict.OK)
        assert [reason.partition(" ")[0] for reason in volume.reasons] == ([str(within)] if within else [])


def test_a_copy_under_another_uid_in_a_phase_that_only_a_running_clock_tells_is_left_out_there(made_ct: Any) -> None:
    write(made_ct, 3, ORDERED["a clock that runs"], positions=axial(12))
    made_ct.slice("again", made_ct.pixels(4), axial(12)[4], **ORDERED["a clock that runs"](0, 4), InstanceNumber="99")
    volumes = opened(made_ct)
    assert all(holds_phase(made_ct, volume, p, range(12)) for p, volume in enumerate(volumes))
    assert volumes[0].reasons == ("1 image is there twice; the copies were left out.",)


@pytest.mark.parametrize("by", ["ContentTime", "InstanceNumber"])
def test_an_image_missing_where_the_phases_were_taken_place_after_place_is_nobodys_guess(made_ct: Any, by: str) -> None:
    write(made_ct, 3, lambda p, k: {by: f"1200{3 * k + p:02}"}, positions=axial(12), leave_out={(1, 4)})
    (volume,) = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize("missing", [set(), {(1, 4)}])
def test_phases_of_two_kernels_that_a_running_clock_tells_are_told_apart_by_both(
    made_ct: Any, missing: set[tuple[int, int]]
) -> None:
    def said(p: int, k: int) -> dict[str, str]:
        return {"ConvolutionKernel": ("BONE", "SOFT")[p // 2], "ContentTime": f"12{p % 2:02}{k:02}"}

    write(made_ct, 4, said, positions=axial(12), leave_out=missing)
    volumes = opened(made_ct)
    assert [volume.part for volume in volumes] == [
        "kernel BONE, phase 1 of 2, 12:00:00",
        "kernel BONE, phase 2 of 2, 12:01:00",
        "kernel SOFT, phase 1 of 2, 12:00:00",
        "kernel SOFT, phase 2 of 2, 12:01:00",
    ]
    assert all(holds_phase(made_ct, volume, p, range(12)) for p, volume in enumerate(volumes) if (p, 4) not in missing)
