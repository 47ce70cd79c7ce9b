"""Geometry by proof: a mark of known HU is found at its place in the patient, or the volume says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.conftest import opened
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.series_report import report

COS, SIN = np.cos(np.radians(20)), np.sin(np.radians(20))
ORIENTATIONS = {
    "axial, head first supine": (1, 0, 0, 0, 1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "decubitus": (0, 1, 0, -1, 0, 0),
    "feet first, seen from the head": (-1, 0, 0, 0, 1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (COS, SIN, 0, -SIN * COS, COS * COS, SIN),
}
MARK_HU = 1777


def along(orientation: tuple[float, ...], steps: list[float], origin: tuple[float, ...] = (12.5, -40.25, 7.75)) -> Any:
    """Return positions at heights along the normal."""
    normal = np.cross(orientation[:3], orientation[3:])
    return [tuple(np.asarray(origin) + step * normal) for step in steps]


def axial(heights: list[float]) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, height) for height in heights]


@pytest.mark.parametrize("name", list(ORIENTATIONS))
@pytest.mark.parametrize("numbered", ["forwards", "backwards"])
def test_mark_is_found_where_the_file_puts_it(made_ct: Any, name: str, numbered: str) -> None:
    orientation = ORIENTATIONS[name]
    positions = along(orientation, [3.0 * k for k in range(6)])
    for k, position in enumerate(positions):
        stored = made_ct.pixels(k)
        if k == 4:
            stored[7, 19] = MARK_HU + 1024
        number = k if numbered == "forwards" else 6 - k
        made_ct.slice(
            f"IM{(k * 5) % 6}", stored, position, ImageOrientationPatient=list(orientation), InstanceNumber=str(number)
        )
    volume = opened(made_ct)
    assert volume.verdict is Verdict.OK
    # PS3.3 C.7.6.2.1.1: position + column × spacing between columns × row direction + the same for rows.
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    place = np.asarray(positions[4]) + 19 * 0.7 * row + 7 * 0.8 * column
    assert volume.value_at(place) == MARK_HU
    k, j, i = np.argwhere(volume.slices == MARK_HU)[0]
    assert np.linalg.norm(volume.stack.lps((i, j, k)) - place) < 0.05
    assert np.linalg.norm(volume.grid.lps((i, j, k)) - place) < 0.05
    assert np.linalg.det(volume.grid.lps_from_ijk[:3, :3]) > 0


def test_tilt_is_found_from_positions_without_any_tilt_tag(made_ct: Any) -> None:
    angle = np.radians(15)
    positions = [(0.0, 0.0, 5.0 * k) for k in range(6)]
    made_ct.stack(positions, ImageOrientationPatient=[1, 0, 0, 0, float(np.cos(angle)), float(-np.sin(angle))])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.RESAMPLED
    assert volume.stack.tilt_deg == pytest.approx(15, abs=0.01)
    assert volume.reasons == ("The gantry was tilted by 15.0°.",)
    assert volume.measurable


def test_rounding_between_two_thin_slices_is_no_tilt(made_ct: Any) -> None:
    made_ct.stack([(0, 0, 0), (0.02, 0, 0.6)])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.OK, volume.reasons


def test_spacing_written_with_other_digits_is_the_same_spacing(made_ct: Any) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), PixelSpacing=["0.8", ("0.7", "0.70001")[k % 2]])
    volume = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (4, Verdict.OK)


def test_positions_rounded_to_a_hundredth_stay_ok(made_ct: Any) -> None:
    rng = np.random.default_rng(7)
    made_ct.stack(
        [(-10 + dx, -20 + dy, 1.25 * k + dz) for k, (dx, dy, dz) in enumerate(rng.uniform(-0.01, 0.01, (12, 3)))]
    )
    volume = opened(made_ct)
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ()


def test_tilt_under_a_tenth_of_a_degree_stays_ok(made_ct: Any) -> None:
    made_ct.stack([(0.0, 0.0015 * 2 * k, 2.0 * k) for k in range(20)])
    assert opened(made_ct).verdict is Verdict.OK


def test_missing_slices_are_named_by_place(made_ct: Any) -> None:
    made_ct.stack(axial([2.5 * k for k in range(20) if k not in (8, 9, 10)]))
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == ("3 slices are missing near H 22.5 mm.",)
    assert not volume.measurable


@pytest.mark.parametrize(("gap", "verdict"), [(5.2, "untrusted"), (4.8, "untrusted"), (3.6, "resampled")])
def test_a_gap_near_a_whole_multiple_is_a_missing_slice_others_are_uneven(
    made_ct: Any, gap: float, verdict: str
) -> None:
    heights = [2.5 * k for k in range(6)]
    made_ct.stack(axial([*heights, *(heights[-1] + gap + 2.5 * k for k in range(5))]))
    assert opened(made_ct).verdict.value == verdict


def test_uneven_spacing_is_resampled_and_says_between_what(made_ct: Any) -> None:
    made_ct.stack(axial([0, 4, 8, 12, 15.1, 22.1, 29.1]))
    volume = opened(made_ct)
    assert volume.verdict is Verdict.RESAMPLED
    assert volume.reasons == ("The slices are 3.10 to 7.00 mm apart.",)
    said = report(scan(made_ct.folder, JobContext()).series[0], volume)
    assert said["spacing_mm"] is None
    assert said["gaps_mm"] == [4, 4, 4, 3.1, 7, 7]


@pytest.mark.parametrize(
    ("gap", "off", "verdict"),
    [
        (5.0, 0.04, "ok"),
        (5.0, 0.08, "resampled"),
        (0.6, 0.02, "ok"),
        (0.6, 0.04, "resampled"),
        # Of very thin slices a fortieth of a millimetre.
        (0.3, 0.02, "ok"),
        (0.3, 0.03, "resampled"),
    ],
)
def test_a_slice_a_little_off_is_rounding_up_to_a_twentieth_of_a_millimetre_and_of_the_distance_between_slices(
    made_ct: Any, gap: float, off: float, verdict: str
) -> None:
    heights = [gap * k for k in range(7)]
    heights[3] += off
    made_ct.stack(axial(heights))
    assert opened(made_ct).verdict.value == verdict


def test_spacing_that_drifts_is_uneven(made_ct: Any) -> None:
    made_ct.stack(axial([*(1.0 * k for k in range(30)), *(29 + 1.02 * k for k in range(1, 30))]))
    assert opened(made_ct).verdict is Verdict.RESAMPLED


def test_field_of_view_that_shifts_between_slices_is_not_trusted(made_ct: Any) -> None:
    made_ct.stack([(0.0 if k < 5 else 3.0, 0.0, 2.0 * k) for k in range(10)])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    # Where images shift, they do not prove a tilt.
    assert volume.reasons == ("The images shift sideways by 3.0 mm near H 9.0 mm.",)


@pytest.mark.parametrize("count", [8, 9])
def test_images_that_lie_aside_in_turn_are_said_to_lie_as_far_as_they_do(made_ct: Any, count: int) -> None:
    made_ct.stack([(50.0 * (k % 2), -20, 2.0 * k) for k in range(count)])
    (reason,) = opened(made_ct).reasons
    assert reason.startswith("The images shift sideways by 50.0 mm near ")


def test_one_image_that_lies_aside_is_named(made_ct: Any) -> None:
    made_ct.stack([(0.0, 4.0 if k == 7 else 0.5 * k, 2.0 * k) for k in range(10)])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == ("The images shift sideways by 0.5 mm near H 13.0 mm.",)


@pytest.mark.parametrize(
    ("left_out", "what"),
    [
        ("ImagePositionPatient", "where they lie in the patient"),
        ("ImageOrientationPatient", "which way they look"),
        ("PixelSpacing", "how large their pixels are"),
    ],
)
def test_what_images_do_not_say_is_named(made_ct: Any, left_out: str, what: str) -> None:
    made_ct.stack(axial([0, 2, 4]), **{left_out: None})
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == (f"The images do not say {what}; they are shown as a stack.",)


@pytest.mark.parametrize(("radians", "trusted"), [(1e-3, False), (2e-5, True)])
def test_images_that_turn_a_little_are_not_trusted_where_that_is_seen_at_their_corners(
    made_ct: Any, radians: float, trusted: bool
) -> None:
    for k in range(8):
        c, s = np.cos(radians * (k > 3)), np.sin(radians * (k > 3))
        directions = [f"{v:.12f}" for v in (c, s, 0, -s, c, 0)]
        made_ct.slice(f"{k}", made_ct.pixels(k, 300, 400), (0, 0, 2 * k), ImageOrientationPatient=directions)
    volume = opened(made_ct)
    assert volume.measurable is trusted
    # 399 columns of 0.7 mm and 299 rows of 0.8 mm: the far corner is 367 mm away.
    said = "The images are turned against each other, by up to 0.4 mm at their corners."
    assert volume.reasons == (() if trusted else (said,))


@pytest.mark.parametrize(("other", "trusted"), [("0.7006", False), ("0.70001", True)])
def test_pixels_a_little_larger_are_not_trusted_where_that_is_seen_at_the_corners(
    made_ct: Any, other: str, trusted: bool
) -> None:
    for k in range(8):
        spacing = ["0.8", "0.7" if k < 4 else other]
        made_ct.slice(f"{k}", made_ct.pixels(k, 300, 400), (0, 0, 2 * k), PixelSpacing=spacing)
    volume = opened(made_ct)
    assert volume.measurable is trusted
    # Of 400 columns the last lies 399 × 0.0006 mm aside.
    said = "The pixels of some images are larger than those of others, which moves their corners by up to 0.2 mm."
    assert volume.reasons == (() if trusted else (said,))


@pytest.mark.parametrize("rounded_mm", [0.0, 0.02, -0.04])
def test_a_slice_that_is_there_twice_is_dropped_and_said(made_ct: Any, rounded_mm: float) -> None:
    stored = made_ct.stack(axial([2.0 * k for k in range(6)]))
    made_ct.slice("copy", stored[3], (-10, -20, 6.0 + rounded_mm), InstanceNumber="99")
    volume = opened(made_ct)
    assert volume.stack.count == 6
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ("1 image is there twice; the copies were left out.",)
    said = report(scan(made_ct.folder, JobContext()).series[0], volume, (-10.0, -20.0, 6.0))
    assert said["spacing_mm"] == [0.7, 0.8, 2.0]
    assert said["at"]["ijk"] == [0, 0, 3]


@pytest.mark.parametrize("rounded_mm", [0.0, 0.02, -0.04])
def test_two_different_images_at_one_place_are_not_trusted(made_ct: Any, rounded_mm: float) -> None:
    stored = made_ct.stack(axial([2.0 * k for k in range(6)]))
    made_ct.slice("other", stored[3] + 5, (-10, -20, 6.0 + rounded_mm), InstanceNumber="99")
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.stack.count == 6
    assert "Different images lie at the same place near H 6.0 mm" in volume.reasons[0]
    assert np.array_equal(volume.slices[3], stored[3] - 1024)


def test_slices_as_thin_as_their_small_pixels_are_a_volume(made_ct: Any) -> None:
    made_ct.stack(axial([0.02 * k for k in range(6)]), PixelSpacing=[0.02, 0.02])
    volume = opened(made_ct)
    assert (volume.verdict, volume.stack.count) == (Verdict.OK, 6)


def test_two_acquisitions_at_the_same_places_are_two_entries(made_ct: Any) -> None:
    heights = axial([2.0 * k for k in range(5)])
    made_ct.stack(heights, prefix="a/", AcquisitionNumber="1")
    made_ct.stack(heights, prefix="b/", AcquisitionNumber="2", RescaleIntercept="-1000")
    found = scan(made_ct.folder, JobContext()).series
    assert [(e.count, e.part) for e in found] == [(5, "acquisition 1"), (5, "acquisition 2")]
    volumes = [assemble(e, JobContext()) for e in found]
    assert all(v.verdict is Verdict.OK for v in volumes)
    assert int(volumes[1].slices[0, 5, 5]) - int(volumes[0].slices[0, 5, 5]) == 24


@pytest.mark.parametrize(
    "elements",
    [{"position": None}, {"ImageOrientationPatient": None}, {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}],
    ids=["no position", "no orientation", "directions not at right angles"],
)
def test_without_a_place_the_images_are_a_stack_that_is_not_trusted(made_ct: Any, elements: dict[str, Any]) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k), **{"position": (0, 0, 3 * k), **elements})
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert "do not say" in volume.reasons[0]
    assert "shown as a stack" in volume.reasons[0]
    # Seen from the feet, the next image is the one below.
    assert np.array_equal(volume.slices, np.stack([made_ct.pixels(k) for k in (3, 2, 1, 0)]) - 1024)
    said = report(entry, volume, (0.0, 0.0, 0.0))
    assert (said["spacing_mm"], said["gaps_mm"], said["at"]) == (None, [], None)


def test_without_a_spacing_of_pixels_nothing_is_measured(made_ct: Any) -> None:
    made_ct.stack(axial([0, 2, 4]), PixelSpacing=None)
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert not volume.measurable


@pytest.mark.parametrize(
    "kind",
    [
        ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ["DERIVED", "SECONDARY", "REFORMATTED", "LOCALIZER"],
        ["ORIGINAL", "PRIMARY", "AXIAL", "SOM5 LOCALIZER"],
        ["ORIGINAL", "PRIMARY", "SCOUT"],
        ["ORIGINAL", "PRIMARY", "OTHER", "SCOUT VIEW"],
        ["ORIGINAL", "PRIMARY", "TOPOGRAM"],
    ],
)
@pytest.mark.parametrize("across", [[1, 0, 0, 0, 0, -1], [1, 0, 0, 0, 1, 0]])
def test_localizer_among_the_slices_is_an_entry_of_its_own(made_ct: Any, kind: list[str], across: list[int]) -> None:
    made_ct.stack(axial([2.0 * k for k in range(6)]))
    made_ct.slice(
        "scout",
        made_ct.pixels(),
        (0, 0, 100),
        ImageType=kind,
        ImageOrientationPatient=across,
    )
    found = scan(made_ct.folder, JobContext()).series
    assert [(e.count, e.part) for e in found] == [(6, "32 × 24, 6 of 7 images"), (1, "localizer")]
    assert assemble(found[0], JobContext()).verdict is Verdict.OK
    assert assemble(found[1], JobContext()).unit == "unknown"


def test_images_of_two_sizes_under_one_series_are_two_entries(made_ct: Any) -> None:
    made_ct.stack(axial([2.0 * k for k in range(5)]))
    for k in range(3):
        made_ct.slice(f"large{k}", made_ct.pixels(k, 48, 48), (0, 0, 50 + 2 * k))
    assert [(e.count, e.size_ij) for e in scan(made_ct.folder, JobContext()).series] == [(5, (32, 24)), (3, (48, 48))]


def test_a_slice_of_another_pixel_spacing_is_not_put_among_the_others(made_ct: Any) -> None:
    for k in range(7):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), PixelSpacing=[0.9, 0.9] if k == 3 else [0.8, 0.7])
    found = scan(made_ct.folder, JobContext()).series
    assert [e.count for e in found] == [6, 1]
    volume = assemble(found[0], JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert "1 slice is missing near H 6.0 mm" in volume.reasons[0]


@pytest.mark.parametrize("count", [2, 5])
def test_pixels_of_another_size_in_every_slice_are_not_trusted(made_ct: Any, count: int) -> None:
    for k in range(count):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), PixelSpacing=[0.8 + 0.1 * k, 0.7 + 0.1 * k])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == ("The pixels of these images are of different sizes; they are shown as a stack.",)
    assert not volume.measurable


def test_hundreds_of_directions_are_one_stack_that_is_not_trusted(made_ct: Any) -> None:
    for n in range(404):
        angle = np.radians(0.44 * (n // 2))
        row, normal = np.asarray([np.cos(angle), np.sin(angle), 0]), np.asarray([-np.sin(angle), np.cos(angle), 0])
        said = {"ImageOrientationPatient": [*row.tolist(), 0, 0, -1]}
        made_ct.slice(f"{n}", made_ct.pixels(n % 9, 4, 4), 5.0 * (n % 2) * normal, **said)
    volume = opened(made_ct)
    assert volume.stack.count == 404
    assert volume.reasons == ("The images of this series look in different directions.",)


def test_pictures_turned_around_one_line_are_all_shown_and_none_is_a_double(made_ct: Any) -> None:
    for n, angle in enumerate(np.radians([0, 30, 60, 90, 120, 150])):
        row = np.asarray([np.cos(angle), np.sin(angle), 0.0])
        position = np.asarray([5.0, -7.0, 0.0]) - 11 * row
        made_ct.slice(f"{9 - n}", made_ct.pixels(n), position, ImageOrientationPatient=[*row.tolist(), 0, 0, -1])
    volume = opened(made_ct)
    assert volume.stack.count == 6
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == ("The images of this series look in different directions.",)
    assert np.array_equal(volume.slices, np.stack([made_ct.pixels(n) for n in range(6)]) - 1024)


def test_report_has_every_key_that_other_programs_read(made_ct: Any) -> None:
    made_ct.stack(axial([2.5 * k for k in range(4)]))
    (entry,) = scan(made_ct.folder, JobContext()).series
    said = report(entry, assemble(entry, JobContext()), (-10 + 0.7 * 4, -20 + 0.8 * 9, 5.1), with_hash=True)
    assert said["size_ijk"] == [32, 24, 4]
    assert said["spacing_mm"] == [0.7, 0.8, 2.5]
    assert said["gaps_mm"] == [2.5, 2.5, 2.5]
    assert said["at"] == {"ijk": [4, 9, 2], "value": 3 * 4 + 40 * 9 + 7 * 2}
    assert (said["verdict"], said["unit"], said["tilt_deg"], said["slices"]) == ("ok", "HU", 0.0, 4)
    assert said["range"] == [-1000, 3 * 31 + 40 * 23 + 21]
    assert len(said["sha256"]) == 64


@pytest.mark.parametrize("heights", [(0.0, 2.0, 4.0, 6.0, 8.0), (0.0, 2.0, 3.1, 6.6, 8.6)])
def test_no_value_is_told_where_an_image_could_not_be_read(made_ct: Any, heights: tuple[float, ...]) -> None:
    for k, height in enumerate(heights):
        path = made_ct.slice(f"{k}", made_ct.pixels(k), (0.0, 0.0, height))
        if k == 2:
            path.write_bytes(path.read_bytes()[:-50])
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())

    def told(height: float) -> list[object]:
        at = report(entry, volume, (3.5, 4.0, height))["at"]
        return [volume.value_at((3.5, 4.0, height)), None if at is None else at["value"]]

    for k, height in enumerate(heights):
        value = None if k == 2 else int(made_ct.pixels(k)[5, 5]) - 1024
        assert told(height) == [value, value]
    assert told(heights[2] + 0.4) == [None, None]
    assert told(heights[1] + 0.4)[0] is not None
