"""Several images at one place: phases, acquisitions and reconstructions that can be chosen, each judged on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.parts import entries, opened
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.volume import Volume

SLICES = 5


def axial(count: int = SLICES, first: float = 0.0, step: float = 2.0) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, first + step * k) for k in range(count)]


def write(
    made_ct: Any,
    count: int,
    elements: Callable[[int, int], dict[str, Any]],
    *,
    positions: Sequence[tuple[float, float, float]] | None = None,
    leave_out: set[tuple[int, int]] = frozenset(),
) -> None:
    """Write `count` phases in files whose names say nothing; every pixel of phase p is 100 p higher.

    `elements` gives what slice k of phase p says; instance numbers are random.
    """
    where = positions or axial()
    numbers = np.random.default_rng(3).permutation(count * len(where))
    for p in range(count):
        for k, position in enumerate(where):
            if (p, k) not in leave_out:
                number = int(numbers[p * len(where) + k])
                said = {"InstanceNumber": str(number + 1), **elements(p, k)}
                made_ct.slice(f"{number:04d}", made_ct.pixels(k) + np.int16(100 * p), position, **said)


def holds_phase(made_ct: Any, volume: Volume, p: int, slices: Sequence[int] = range(SLICES)) -> bool:
    """Return True where a volume has the pixels of one phase alone, and can be trusted."""
    values = np.stack([made_ct.pixels(k) for k in slices]).astype(int) - 1024 + 100 * p
    return volume.verdict is Verdict.OK and np.array_equal(volume.slices, values)


TOLD_APART: dict[str, tuple[Callable[[int, int], dict[str, Any]], list[str]]] = {
    "temporal position": (
        lambda p, k: {"TemporalPositionIdentifier": str(p + 1), "AcquisitionNumber": str(k)},
        ["phase 1 of 3", "phase 2 of 3", "phase 3 of 3"],
    ),
    "acquisition number": (
        lambda p, k: {"AcquisitionNumber": str(p + 3)},
        ["acquisition 3", "acquisition 4", "acquisition 5"],
    ),
    "acquisition number and time": (
        lambda p, k: {"AcquisitionNumber": str(p + 3), "AcquisitionDate": "20240501", "AcquisitionTime": f"1231{p:02}"},
        ["phase 1 of 3, 12:31:00", "phase 2 of 3, 12:31:01", "phase 3 of 3, 12:31:02"],
    ),
    "cardiac phase": (
        lambda p, k: {"NominalPercentageOfCardiacPhase": 10.0 + 30 * p, "ContentTime": f"1200{p:02}.{k}"},
        ["phase 1 of 3, 10 %", "phase 2 of 3, 40 %", "phase 3 of 3, 70 %"],
    ),
    "respiratory phase": (
        lambda p, k: {"NominalPercentageOfRespiratoryPhase": 12.5 * p},
        ["phase 1 of 3, 0 % of the breath", "phase 2 of 3, 12.5 % of the breath", "phase 3 of 3, 25 % of the breath"],
    ),
    "trigger time": (
        lambda p, k: {"TriggerTime": str(120 * p)},
        ["phase 1 of 3, 0 ms", "phase 2 of 3, 120 ms", "phase 3 of 3, 240 ms"],
    ),
    "acquisition date and time": (
        lambda p, k: {"AcquisitionDateTime": f"2024050{p + 1}093000.50+0200"},
        [f"phase {p + 1} of 3, 2024-05-0{p + 1} 09:30:00.5" for p in range(3)],
    ),
    "time of every slice, phase after phase": (
        lambda p, k: {"ContentDate": "20240501", "ContentTime": f"12{p:02}{k:02}.25"},
        ["phase 1 of 3, 12:00:00.25", "phase 2 of 3, 12:01:00.25", "phase 3 of 3, 12:02:00.25"],
    ),
    "time of every slice, place after place": (
        lambda p, k: {"AcquisitionDate": "20240501", "AcquisitionTime": f"12{k:02}{p:02}"},
        ["phase 1 of 3", "phase 2 of 3", "phase 3 of 3"],
    ),
    "phases over midnight": (
        lambda p, k: {
            "AcquisitionDate": f"2024050{1 + (p > 0)}",
            "AcquisitionTime": ("235959", "000001", "000004")[p],
        },
        ["phase 1 of 3, 23:59:59", "phase 2 of 3, 00:00:01", "phase 3 of 3, 00:00:04"],
    ),
    "kernel": (
        lambda p, k: {"ConvolutionKernel": ("B30f", "B46f", "B70f")[p], "ContentTime": f"12{p:02}{k:02}"},
        ["kernel B30f", "kernel B46f", "kernel B70f"],
    ),
    "tube voltage": (
        lambda p, k: {"KVP": str(80 + 20 * p), "AcquisitionNumber": str(p)},
        ["80 kV", "100 kV", "120 kV"],
    ),
    "image type": (
        lambda p, k: {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", ("LOW", "HIGH", "MIX")[p]]},
        ["image type HIGH", "image type LOW", "image type MIX"],
    ),
    "field of view": (
        lambda p, k: {"ReconstructionDiameter": str(200 + 100 * p)},
        ["field of view 200 mm", "field of view 300 mm", "field of view 400 mm"],
    ),
    "slice thickness": (
        lambda p, k: {"SliceThickness": str(p + 1)},
        ["slices of 1 mm", "slices of 2 mm", "slices of 3 mm"],
    ),
}


@pytest.mark.parametrize("by", list(TOLD_APART))
def test_phases_are_told_apart_named_and_in_order(made_ct: Any, by: str) -> None:
    elements, words = TOLD_APART[by]
    write(made_ct, 3, elements)
    assert [e.part for e in entries(made_ct)] == words
    volumes = opened(made_ct)
    order = [1, 0, 2] if by == "image type" else [0, 1, 2]
    assert all(holds_phase(made_ct, v, p) for v, p in zip(volumes, order, strict=True))


def test_images_with_and_without_contrast_are_two_parts(made_ct: Any) -> None:
    write(
        made_ct,
        2,
        lambda p, k: {"ContrastBolusAgent": "Iodine", "AcquisitionNumber": "7"} if p else {"AcquisitionNumber": "6"},
    )
    assert [e.part for e in entries(made_ct)] == ["without contrast", "with contrast"]
    assert all(holds_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


def test_phases_of_two_kernels_are_told_apart_by_both(made_ct: Any) -> None:
    write(
        made_ct,
        4,
        lambda p, k: {"TemporalPositionIdentifier": str(p // 2), "ConvolutionKernel": ("SOFT", "BONE")[p % 2]},
    )
    assert [e.part for e in entries(made_ct)] == [
        "phase 1 of 2, kernel BONE",
        "phase 1 of 2, kernel SOFT",
        "phase 2 of 2, kernel BONE",
        "phase 2 of 2, kernel SOFT",
    ]
    assert all(holds_phase(made_ct, v, p) for p, v in zip((1, 0, 3, 2), opened(made_ct), strict=True))


def test_twenty_phases_are_in_the_order_of_the_heart(made_ct: Any) -> None:
    write(made_ct, 20, lambda p, k: {"NominalPercentageOfCardiacPhase": 5.0 * p})
    found = entries(made_ct)
    assert [e.part for e in found] == [f"phase {p + 1} of 20, {5 * p} %" for p in range(20)]
    assert holds_phase(made_ct, assemble(found[7], JobContext()), 7)


def test_a_slice_missing_in_one_phase_is_that_phase_s_alone(made_ct: Any) -> None:
    write(made_ct, 9, lambda p, k: {"TemporalPositionIdentifier": str(p)}, leave_out={(6, 2), (8, 4)})
    volumes = opened(made_ct)
    assert [e.count for e in entries(made_ct)] == [5, 5, 5, 5, 5, 5, 4, 5, 4]
    assert volumes[6].verdict is Verdict.UNTRUSTED
    assert volumes[6].reasons == ("1 slice is missing near H 4.0 mm.",)
    assert all(holds_phase(made_ct, volumes[p], p) for p in (0, 1, 2, 3, 4, 5, 7))
    assert holds_phase(made_ct, volumes[8], 8, range(4))


def test_a_slice_that_is_there_twice_in_one_phase_does_not_disturb_the_others(made_ct: Any) -> None:
    write(made_ct, 3, lambda p, k: {"TemporalPositionIdentifier": str(p)})
    made_ct.slice("x", made_ct.pixels(2) + np.int16(7), axial()[2], TemporalPositionIdentifier="1")
    volumes = opened(made_ct)
    assert [v.verdict.value for v in volumes] == ["ok", "untrusted", "ok"]
    assert "Different images lie at the same place near H 4.0 mm" in volumes[1].reasons[0]


def test_phases_copied_into_a_second_folder_stay_phases(made_ct: Any) -> None:
    write(made_ct, 2, lambda p, k: {"AcquisitionNumber": str(p)})
    for path in list(made_ct.folder.iterdir()):
        (made_ct.folder / f"copy of {path.name}").write_bytes(path.read_bytes())
    volumes = opened(made_ct)
    assert [e.part for e in entries(made_ct)] == ["acquisition 0", "acquisition 1"]
    assert all(holds_phase(made_ct, v, p) for p, v in enumerate(volumes))
    assert all("5 images are there twice" in v.reasons[0] for v in volumes)


@pytest.mark.parametrize("order", ["blocks", "interleaved", "interleaved from above"])
def test_last_resort_is_the_order_of_the_numbers_and_the_name_says_so(made_ct: Any, order: str) -> None:
    number = {
        "blocks": lambda p, k: 5 * p + k + 1,
        "interleaved": lambda p, k: 2 * k + p + 1,
        "interleaved from above": lambda p, k: 20 - 2 * k + p,
    }[order]
    write(made_ct, 2, lambda p, k: {"InstanceNumber": str(number(p, k))})
    assert [e.part for e in entries(made_ct)] == ["phase 1 of 2, by image number", "phase 2 of 2, by image number"]
    assert all(holds_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


@pytest.mark.parametrize("time", [False, True], ids=["no time", "one time for both images of a place"])
def test_an_order_that_proves_nothing_makes_no_phases(made_ct: Any, time: bool) -> None:
    def said(p: int, k: int) -> dict[str, str]:
        number = str((1, 2, 4, 3, 5)[k] * 2 + (p if k != 2 else 1 - p))
        return {"InstanceNumber": number, **({"AcquisitionTime": f"12000{k}"} if time else {})}

    write(made_ct, 2, said)
    (entry,) = entries(made_ct)
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert "Different images lie at the same place" in volume.reasons[0]


@pytest.mark.parametrize("says", ["nothing", "another time"])
def test_copies_with_uids_of_their_own_are_copies_not_phases(made_ct: Any, says: str) -> None:
    for p in range(2):
        for k, position in enumerate(axial()):
            time = {"ContentTime": f"12000{p}"} if says == "another time" else {}
            made_ct.slice(f"{p}{k}", made_ct.pixels(k), position, InstanceNumber=str(5 * p + k + 1), **time)
    (entry,) = entries(made_ct)
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ("5 images are there twice; the copies were left out.",)


def test_positions_of_phases_that_are_rounded_apart_do_not_mix_them(made_ct: Any) -> None:
    for p in range(2):
        for k in range(SLICES):
            made_ct.slice(
                f"{p}{k}",
                made_ct.pixels(k) + np.int16(100 * p),
                (-10, -20, 2.0 * k + 0.01 * p),
                TemporalPositionIdentifier=str(p),
            )
    assert all(holds_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


@pytest.mark.parametrize(
    ("keyword", "values", "words"),
    [
        ("AcquisitionNumber", ("1", "2"), ["acquisition 1", "acquisition 2"]),
        ("KVP", ("80", "140"), ["80 kV", "140 kV"]),
        ("ContrastBolusAgent", (None, "Iodine"), ["without contrast", "with contrast"]),
    ],
)
def test_acquisitions_that_lie_between_each_other_never_make_one_volume(
    made_ct: Any, keyword: str, values: tuple[str, str], words: list[str]
) -> None:
    for p in range(2):
        for k in range(SLICES):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, 5.0 * k + 1.7 * p), **{keyword: values[p]})
    assert [e.part for e in entries(made_ct)] == words
    assert all(holds_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


@pytest.mark.parametrize(
    ("keyword", "values", "words"),
    [
        (
            "ImageType",
            (["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "SECONDARY", "AXIAL", "MIP"]),
            {"image type ORIGINAL PRIMARY", "image type DERIVED SECONDARY MIP"},
        ),
        ("SliceThickness", ("2", "8"), {"slices of 2 mm", "slices of 8 mm"}),
        ("ReconstructionDiameter", ("250", "400"), {"field of view 250 mm", "field of view 400 mm"}),
    ],
)
def test_slabs_that_lie_between_the_slices_are_none_of_them(
    made_ct: Any, keyword: str, values: tuple[Any, Any], words: set[str]
) -> None:
    for p, (first, step, count) in enumerate([(0.0, 2.0, 12), (1.0, 8.0, 3)]):
        for k in range(count):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first + step * k), **{keyword: values[p]})
    found = opened(made_ct)
    assert {volume.part for volume in found} == words
    assert {(volume.stack.count, volume.verdict) for volume in found} == {(12, Verdict.OK), (3, Verdict.OK)}


@pytest.mark.parametrize("odd", [(2, 5, 8), (1, 3, 5, 7, 9, 11), (4, 5, 6, 9)])
def test_slices_of_one_scan_that_say_another_kind_or_thickness_stay_in_it(made_ct: Any, odd: tuple[int, ...]) -> None:
    for k in range(12):
        said = {"SliceThickness": "2.0001", "ImageType": ["DERIVED", "SECONDARY", "AXIAL"]} if k in odd else {}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **{"SliceThickness": "2"} | said)
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (12, Verdict.OK)


def test_acquisitions_one_after_another_along_the_patient_are_one_volume(made_ct: Any) -> None:
    for k in range(12):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), AcquisitionNumber=str(k // 4))
    (entry,) = entries(made_ct)
    assert (entry.part, entry.count) == ("", 12)
    assert holds_phase(made_ct, assemble(entry, JobContext()), 0, range(12))


@pytest.mark.parametrize("numbers", ["111122221111", "112211221122", "121111111112"])
def test_acquisitions_in_the_gaps_of_others_are_one_even_volume(made_ct: Any, numbers: str) -> None:
    for k, number in enumerate(numbers):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), AcquisitionNumber=number)
    (entry,) = entries(made_ct)
    assert holds_phase(made_ct, assemble(entry, JobContext()), 0, range(12))


def test_acquisitions_that_overlap_at_their_ends_do_not_mix_there(made_ct: Any) -> None:
    for p, first in enumerate((0.0, 15.1)):
        for k in range(10):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first + 2.0 * k), AcquisitionNumber=str(p))
    assert [e.part for e in entries(made_ct)] == ["acquisition 0", "acquisition 1"]
    assert all(holds_phase(made_ct, v, p, range(10)) for p, v in enumerate(opened(made_ct)))


def test_a_scan_of_more_of_the_patient_is_a_part_beside_the_shorter_ones(made_ct: Any) -> None:
    for number, (first, count) in enumerate([(0, 4), (8, 4), (0, 12)]):
        for k in range(count):
            made_ct.slice(
                f"{number}_{k}",
                made_ct.pixels(k) + np.int16(100 * number),
                (-10, -20, 2.0 * (first + k)),
                AcquisitionNumber=str(number + 1),
            )
    assert [(e.part, e.count) for e in entries(made_ct)] == [
        ("acquisition 1", 4),
        ("acquisition 2", 4),
        ("acquisition 3", 12),
    ]
    assert all(v.verdict is Verdict.OK for v in opened(made_ct))


@pytest.mark.parametrize("rounded_mm", [0.0, 0.02])
def test_watching_the_contrast_arrive_is_kept_apart_from_the_scan(made_ct: Any, rounded_mm: float) -> None:
    made_ct.stack(axial(9), AcquisitionNumber="3")
    for n in range(6):
        x, y, z = axial()[4]
        place = (x, y, z + rounded_mm * (n % 3))
        made_ct.slice(f"bolus{n}", made_ct.pixels(n) + np.int16(300), place, AcquisitionNumber="2")
    found = entries(made_ct)
    assert [(e.part, e.count) for e in found] == [("acquisition 2", 6), ("acquisition 3", 9)]
    scanned, watched = assemble(found[1], JobContext()), assemble(found[0], JobContext())
    assert scanned.verdict is Verdict.OK
    assert watched.verdict is Verdict.UNTRUSTED
    said = "6 images lie at one place, H 8.0 mm: no volume."
    assert watched.reasons == (said,)


def test_phases_of_a_tilted_gantry_are_each_resampled(made_ct: Any) -> None:
    across = float(np.cos(np.radians(15))), float(-np.sin(np.radians(15)))
    write(made_ct, 3, lambda p, k: {"AcquisitionNumber": str(p), "ImageOrientationPatient": [1, 0, 0, 0, *across]})
    volumes = opened(made_ct)
    assert [v.verdict.value for v in volumes] == ["resampled"] * 3
    assert [int(v.slices[2, 9, 9] - volumes[0].slices[2, 9, 9]) for v in volumes] == [0, 100, 200]


def test_two_fields_of_view_at_the_same_heights_are_two_parts(made_ct: Any) -> None:
    for p in range(2):
        for k in range(SLICES):
            made_ct.slice(f"{p}{k}", made_ct.pixels(k) + np.int16(100 * p), (-10 - 40 * p, -20, 2.0 * k))
    assert [e.part for e in entries(made_ct)] == ["field of view 1 of 2", "field of view 2 of 2"]
    assert all(holds_phase(made_ct, v, p) for p, v in zip((1, 0), opened(made_ct), strict=True))


def test_other_kinds_of_images_among_phases_keep_their_own_parts(made_ct: Any) -> None:
    write(made_ct, 2, lambda p, k: {"TemporalPositionIdentifier": str(p), "ConvolutionKernel": "B30f"})
    made_ct.slice("scout", made_ct.pixels(), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    for k in range(3):
        made_ct.slice(f"large{k}", made_ct.pixels(k, 48, 48), (0, 0, 50 + 2 * k))
    assert [(e.part, e.count) for e in entries(made_ct)] == [
        ("32 × 24, phase 1 of 2", 5),
        ("32 × 24, phase 2 of 2", 5),
        ("48 × 48, 3 of 14 images", 3),
        ("localizer", 1),
    ]


def test_parts_of_a_series_stay_together_and_in_order_among_other_series(made_ct: Any) -> None:
    write(made_ct, 3, lambda p, k: {"TemporalPositionIdentifier": str(p)}, leave_out={(0, 1), (0, 2)})
    made_ct.stack(axial(4), prefix="0other", series="2")
    found = entries(made_ct)
    assert [(e.facts.series_uid[-2:], e.part) for e in found] == [
        (".1", "phase 1 of 3"),
        (".1", "phase 2 of 3"),
        (".1", "phase 3 of 3"),
        (".2", ""),
    ]
