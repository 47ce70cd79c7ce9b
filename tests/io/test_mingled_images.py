"""Images of two kinds that lie between each other, some of them missing: two volumes, or one scan that says two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict

DERIVED = ["DERIVED", "SECONDARY", "AXIAL"]


@pytest.mark.parametrize("missing", [4, 7])
def test_a_slice_missing_in_one_of_two_that_lie_between_each_other_does_not_mix_them(
    made_ct: Any, missing: int
) -> None:
    for k in range(12):
        made_ct.slice(f"a{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
        if k != missing:
            made_ct.slice(f"b{k}", made_ct.pixels(k) + np.int16(100), (-10, -20, 2.0 * k + 0.6), ImageType=DERIVED)
    whole, holed = sorted(opened(made_ct), key=lambda volume: -volume.stack.count)
    assert whole.verdict is Verdict.OK
    assert np.array_equal(whole.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(12)])
    assert (holed.stack.count, holed.verdict) == (11, Verdict.UNTRUSTED)
    assert holed.reasons == (f"1 slice is missing near H {2 * missing + 0.6:.1f} mm.",)


def test_a_slice_missing_in_a_scan_whose_slices_say_two_kinds_does_not_divide_it(made_ct: Any) -> None:
    for k in set(range(12)) - {7}:
        said = {"ImageType": DERIVED} if k in (2, 5, 8) else {}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **said)
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.reasons) == (11, ("1 slice is missing near H 14.0 mm.",))


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime", "TriggerTime"])
def test_two_scans_that_only_a_clock_tells_apart_are_not_mixed_where_they_lie_between_each_other(
    made_ct: Any, clock: str
) -> None:
    for p, time in enumerate(("101500", "101730")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, 2.0 * k + 0.6 * p), **{clock: time})
    for p, volume in enumerate(opened(made_ct)):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


@pytest.mark.parametrize("clock", ["AcquisitionTime", "AcquisitionDateTime", "ContentTime", "TriggerTime"])
@pytest.mark.parametrize("count", [2, 3])
def test_scans_whose_images_lie_evenly_in_turn_are_not_mixed_where_a_standing_clock_tells_them_apart(
    made_ct: Any, clock: str, count: int
) -> None:
    day = "20260102" if clock == "AcquisitionDateTime" else ""
    for p in range(count):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, 2.0 * (k + p / count)), **{clock: f"{day}10{15 + p}00"})
    volumes = opened(made_ct)
    assert len(volumes) == count
    for p, volume in enumerate(volumes):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


CLOCKS_OF_DAY = ["AcquisitionTime", "AcquisitionDateTime", "ContentTime"]


def at(clock: str, minute: int) -> dict[str, str]:
    """Return what an image says that was made so many minutes past ten."""
    return {clock: f"{'20260102' if clock == 'AcquisitionDateTime' else ''}10{minute:02}00"}


@pytest.mark.parametrize("clock", CLOCKS_OF_DAY)
@pytest.mark.parametrize("computers", [2, 3])
@pytest.mark.parametrize("numbered", [1, -1], ids=["upwards", "downwards"])
@pytest.mark.parametrize("thickness", [None, "2", "3"])
def test_one_scan_that_several_computers_reconstructed_in_turn_is_one_volume(
    made_ct: Any, clock: str, computers: int, numbered: int, thickness: str | None
) -> None:
    for k in range(16):
        said = {"InstanceNumber": str(50 + numbered * k), "SliceThickness": thickness}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **at(clock, k % computers), **said)
    (volume,) = opened(made_ct)
    assert (volume.verdict, volume.reasons, volume.part) == (Verdict.OK, (), "")
    assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(16)])


@pytest.mark.parametrize(
    "ways",
    [("STANDARD", "Standard"), ("STANDARD", "standard", "Standard"), ("B 30f", "B30f"), ("Br40d\\3", "BR40D\\3")],
)
@pytest.mark.parametrize("step", [1, 2, 8], ids=["in turn", "by pairs", "by halves"])
@pytest.mark.parametrize("gaps", [2.0, 2.5], ids=["even", "uneven"])
def test_one_scan_is_one_where_its_kernel_is_spelled_in_several_ways(
    made_ct: Any, ways: tuple[str, ...], step: int, gaps: float
) -> None:
    for k in range(16):
        place = (-10, -20, 2.0 * k if k < 9 else 18 + gaps * (k - 9))
        made_ct.slice(f"{k:02}", made_ct.pixels(k), place, ConvolutionKernel=ways[k // step % len(ways)])
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.part) == (16, "")
    assert volume.verdict is (Verdict.OK if gaps == 2 else Verdict.RESAMPLED)
    assert not any("kernel" in reason for reason in volume.reasons)


@pytest.mark.parametrize("other", ["", "b"], ids=["in order", "in another order"])
@pytest.mark.parametrize("place", [0.0, 1.0], ids=["at the same places", "between"])
def test_two_kernels_of_which_one_is_spelled_in_two_ways_are_two_parts(made_ct: Any, other: str, place: float) -> None:
    for p, ways in enumerate((("BONE", "BONE"), ("Standard", "STANDARD"))):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            name = f"{other * (k % 2)}{p}{k}"
            made_ct.slice(name, stored, (-10, -20, 2.0 * k + p * place), ConvolutionKernel=ways[k % 2])
    volumes = opened(made_ct)
    assert [volume.part for volume in volumes] == ["kernel BONE", "kernel STANDARD"]
    for p, volume in enumerate(volumes):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


@pytest.mark.parametrize("missing", [1, 4, 7, 14])
@pytest.mark.parametrize("runs", [False, True])
def test_a_slice_missing_in_a_scan_that_two_computers_reconstructed_in_turn_does_not_divide_it(
    made_ct: Any, missing: int, runs: bool
) -> None:
    for k in range(16):
        said = {"ContentTime": f"10{15 + 3 * (k % 2)}{2 * k:02}.5"} if runs else at("ContentTime", k % 2)
        made_ct.slice(f"{k:02}", made_ct.pixels(k), (-10, -20, 2.0 * k), **said)
    (made_ct.folder / f"{missing:02}").unlink()
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.reasons) == (15, (f"1 slice is missing near H {2 * missing}.0 mm.",))


@pytest.mark.parametrize(
    ("thickness", "parts"), [("2", 1), ("4", 2), (None, 2)], ids=["side by side", "overlapping", "unknown"]
)
def test_images_without_numbers_of_two_times_in_turn_are_one_scan_where_they_lie_side_by_side(
    made_ct: Any, thickness: str | None, parts: int
) -> None:
    for k in range(16):
        said = {"InstanceNumber": None, "SliceThickness": thickness}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **at("ContentTime", k % 2), **said)
    assert [volume.stack.count for volume in opened(made_ct)] == [16 // parts] * parts


@pytest.mark.parametrize("clock", CLOCKS_OF_DAY)
@pytest.mark.parametrize("number", [lambda p, k: 8 * p + k, lambda p, k: k, lambda p, k: 8 * p + (7 - k if p else k)])
@pytest.mark.parametrize("thickness", [None, "1", "2"])
def test_two_scans_numbered_each_for_itself_stay_two_where_their_images_lie_evenly_in_turn(
    made_ct: Any, clock: str, number: Any, thickness: str | None
) -> None:
    for p in range(2):
        for k in range(8):
            said = {"InstanceNumber": str(1 + number(p, k)), "SliceThickness": thickness}
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, 2.0 * k + p), **at(clock, p), **said)
    for p, volume in enumerate(opened(made_ct)):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


def test_two_phases_of_the_heart_stay_two_where_their_images_lie_in_turn_and_are_numbered_along_the_patient(
    made_ct: Any,
) -> None:
    for k in range(16):
        made_ct.slice(f"{k:02}", made_ct.pixels(k), (-10, -20, 2.0 * k), TriggerTime=("120", "560")[k % 2])
    assert [volume.part for volume in opened(made_ct)] == ["phase 1 of 2, 120 ms", "phase 2 of 2, 560 ms"]


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime"])
@pytest.mark.parametrize("first", [0.6, 9.1, -7.3])
@pytest.mark.parametrize("step", [2.0, -2.0])
def test_a_second_scan_that_goes_over_a_place_again_is_not_mixed_with_the_first_where_the_clock_runs(
    made_ct: Any, first: float, step: float, clock: str
) -> None:
    for p in range(2):
        for k in range(8):
            time = f"10{15 + 3 * p}{2 * k:02}.5"
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, step * k + first * p), **{clock: time})
    volumes = opened(made_ct)
    assert [volume.part for volume in volumes] == ["phase 1 of 2, 10:15:00.5", "phase 2 of 2, 10:18:00.5"]
    for p, volume in enumerate(volumes):
        assert volume.verdict is Verdict.OK
        values = [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)]
        assert np.array_equal(volume.slices, values[:: int(np.sign(step))])


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("missing", [None, 5])
def test_scans_whose_images_lie_evenly_in_turn_are_not_mixed_where_the_clock_runs_in_each(
    made_ct: Any, clock: str, count: int, missing: int | None
) -> None:
    for p in range(count):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            place = (-10, -20, 2.0 * (k + p / count))
            made_ct.slice(f"{p}{k}", stored, place, **{clock: f"10{15 + 3 * p}{2 * k:02}.5"})
    if missing is not None:
        (made_ct.folder / f"0{missing}").unlink()
    volumes = opened(made_ct)
    assert [volume.part for volume in volumes] == [
        f"phase {p + 1} of {count}, 10:{15 + 3 * p}:00.5" for p in range(count)
    ]
    for p, volume in enumerate(volumes):
        own = [k for k in range(8) if p or k != missing]
        assert volume.verdict is (Verdict.OK if len(own) == 8 else Verdict.UNTRUSTED)
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in own])


@pytest.mark.parametrize(
    "said",
    [
        lambda k: {"InstanceNumber": str(k + 1)},
        lambda k: {"InstanceNumber": str(k // 2 + 8 * (k % 2) + 1), "SliceThickness": "2"},
    ],
    ids=["numbered along the patient", "side by side"],
)
def test_slices_of_one_scan_of_which_every_second_was_taken_later_are_one_volume(made_ct: Any, said: Any) -> None:
    for k in range(16):
        time = {"AcquisitionTime": f"10{15 + 3 * (k % 2)}{2 * (k // 2):02}.5"}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **time, **said(k))
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (16, Verdict.OK)


@pytest.mark.parametrize("copied", ["all", "one under another UID"])
@pytest.mark.parametrize("offset", [1.0, 0.6])
@pytest.mark.parametrize("by", ["a clock that stands", "a clock that runs", "the kernel", "thickness"])
def test_images_that_are_there_twice_do_not_hide_that_two_scans_lie_between_each_other(
    made_ct: Any, copied: str, offset: float, by: str
) -> None:
    def said(p: int, k: int) -> dict[str, str]:
        return {
            "a clock that stands": {"ContentTime": f"10{15 + p}00"},
            "a clock that runs": {"ContentTime": f"10{15 + p}{2 * k:02}"},
            "the kernel": {"ConvolutionKernel": ("BONE", "SOFT")[p], "AcquisitionNumber": str(k)},
            "thickness": {"SliceThickness": ("1", "2")[p]},
        }[by]

    for p in range(2):
        for k in range(8):
            stored, place = made_ct.pixels(k) + np.int16(100 * p), (-10, -20, 2.0 * k + offset * p)
            path = made_ct.slice(f"{p}{k}", stored, place, **said(p, k))
            if copied == "all":
                (made_ct.folder / f"copy of {path.name}").write_bytes(path.read_bytes())
    if copied != "all":
        made_ct.slice("again", made_ct.pixels(3), (-10, -20, 6.0), **said(0, 3))
    volumes = opened(made_ct)
    assert len(volumes) == 2
    for p, volume in enumerate(volumes):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


@pytest.mark.parametrize("said", [{}, {"AcquisitionTime": "101500"}])
def test_thick_and_thin_slices_that_lie_evenly_in_turn_are_two_parts(made_ct: Any, said: dict[str, Any]) -> None:
    for k in range(16):
        thickness = ("1", "2")[k % 2]
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), SliceThickness=thickness, **said)
    thin, thick = opened(made_ct)
    assert (thin.part, thick.part) == ("slices of 1 mm", "slices of 2 mm")
    assert np.array_equal(thin.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(0, 16, 2)])


@pytest.mark.parametrize(
    "time",
    [lambda k: f"1015{k:02}", lambda k: f"1015{k // 4:02}", lambda k: "101500" if k < 8 else "101501"],
    ids=["runs", "stands for a turn of the gantry", "stands for a half"],
)
def test_one_scan_of_even_slices_is_one_however_its_clock_runs(made_ct: Any, time: Any) -> None:
    for k in range(16):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), AcquisitionTime=time(k))
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (16, Verdict.OK)


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("SliceThickness", ("2", "2.0")),
        ("SliceThickness", ("2", "2.00", "2.0")),
        ("AcquisitionTime", ("101500", "101500.000000")),
        ("TriggerTime", ("0", "0.0")),
    ],
)
def test_one_scan_is_one_where_its_images_write_one_number_in_several_ways_in_turn(
    made_ct: Any, name: str, ways: tuple[str, ...]
) -> None:
    for k in range(16):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **{name: ways[k % len(ways)]})
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict, volume.reasons) == (16, Verdict.OK, ())


def test_one_scan_is_one_where_every_second_image_lacks_its_time_and_all_lie_side_by_side(made_ct: Any) -> None:
    for k in range(16):
        time = ("101500", None)[k % 2]
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), AcquisitionTime=time, SliceThickness="2")
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict, volume.reasons) == (16, Verdict.OK, ())


def test_one_scan_of_uneven_slices_whose_clock_runs_is_one(made_ct: Any) -> None:
    for k in range(12):
        place = (-10, -20, 2.0 * k + 0.6 * (k % 2))
        made_ct.slice(f"{k}", made_ct.pixels(k), place, AcquisitionTime=f"1015{10 + k // 2}.5")
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (12, Verdict.RESAMPLED)


@pytest.mark.parametrize("first", [0.0, 0.6, 1.0, 16.0])
@pytest.mark.parametrize("said", ["SeriesNumber", "SeriesDescription"])
def test_series_that_name_no_uid_are_told_apart_by_their_number_or_else_by_what_they_are_called(
    made_ct: Any, first: float, said: str
) -> None:
    for p, value in enumerate(("2", "3")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            named = {"SeriesInstanceUID": None, "SeriesNumber": None, said: value, "InstanceNumber": str(k + 1)}
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first * p + 2.0 * k), **named)
    found = opened(made_ct)
    assert [volume.verdict for volume in found] == [Verdict.OK, Verdict.OK]
    assert len({volume.series.series_uid for volume in found}) == 2
    for p, volume in enumerate(sorted(found, key=lambda volume: int(volume.slices[0, 0, 0]))):
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


@pytest.mark.parametrize("first", [0.0, 0.6, 1.0])
def test_two_series_that_were_given_one_uid_do_not_mix(made_ct: Any, first: float) -> None:
    for p, number in enumerate(("2", "3")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first * p + 2.0 * k), SeriesNumber=number)
    found = opened(made_ct)
    assert [volume.part for volume in found] == ["series 2", "series 3"]
    for p, volume in enumerate(found):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])
