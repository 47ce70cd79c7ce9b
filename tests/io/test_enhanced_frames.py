"""Enhanced multi-frame CT: frames are sorted, divided and rescaled by what each says of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from tests.io.conftest import ENCODERS, NATIVE
from viewer.domain.errors import NothingToOpenError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.domain.volume import Volume

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
HEIGHTS = [0.0, 2.0, 4.0, 6.0]
# Macros of a frame by the keyword of their sequence.
Macros = dict[str, dict[str, Any]]


def at(height: float, **macros: dict[str, Any]) -> Macros:
    return {"PlanePositionSequence": {"ImagePositionPatient": [-10, -20, height]}, **macros}


def opened(made_ct: Any) -> list[Volume]:
    return [assemble(entry, JobContext()) for entry in scan(made_ct.folder, JobContext()).series]


def parts(made_ct: Any) -> list[str]:
    return [entry.part for entry in scan(made_ct.folder, JobContext()).series]


def write_phases(made_ct: Any, macros: Callable[[int, int], Macros], count: int = 2, **elements: Any) -> None:
    """Write one file of `count` phases, frames in no order; every pixel of phase p is 100 p higher."""
    keys = [(p, k) for p in range(count) for k in range(len(HEIGHTS))]
    keys = [keys[n] for n in np.random.default_rng(5).permutation(len(keys))]
    made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) + np.int16(100 * p) for p, k in keys],
        [at(HEIGHTS[k], **macros(p, k)) for p, k in keys],
        **elements,
    )


def is_phase(made_ct: Any, volume: Volume, p: int, slices: Sequence[int] = range(4)) -> bool:
    values = np.stack([made_ct.pixels(k) for k in slices]).astype(int) - 1024 + 100 * p
    return volume.verdict is Verdict.OK and np.array_equal(volume.slices, values)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_frames_out_of_order_are_sorted_with_their_own_rescale(made_ct: Any, syntax: str) -> None:
    frames = [made_ct.pixels(n) for n in range(4)]
    rescales = [{"RescaleIntercept": str(-1024 - n), "RescaleSlope": "1", "RescaleType": "HU"} for n in range(4)]
    groups = [
        at(height, PixelValueTransformationSequence=rescale)
        for height, rescale in zip([5.0, 0.0, 7.5, 2.5], rescales, strict=True)
    ]
    made_ct.frames("enhanced", frames, groups, syntax=syntax)
    (volume,) = opened(made_ct)
    assert volume.verdict is Verdict.OK
    assert volume.unit == "HU"
    assert volume.source_frames == (2, 4, 1, 3)
    assert np.array_equal(volume.slices, [frames[n] - 1024 - n for n in (1, 3, 0, 2)])
    assert volume.stack.pixel_spacing_mm == (0.7, 0.8)


def test_frames_with_values_above_32767_are_kept(made_ct: Any) -> None:
    frames = [made_ct.pixels(n).astype(np.uint16) for n in range(4)]
    frames[2][5, 6] = 40000
    made_ct.frames("enhanced", frames, [at(h) for h in (6.0, 4.0, 2.0, 0.0)])
    (volume,) = opened(made_ct)
    assert volume.slices.dtype == np.float32
    assert volume.slices[1, 5, 6] == 40000 - 1024
    assert np.array_equal(volume.slices[:, 9, 9], [frames[n][9, 9] - 1024.0 for n in (3, 2, 1, 0)])


def test_frames_with_stored_values_above_32767_stay_whole_numbers_where_hu_allow_it(made_ct: Any) -> None:
    frames = [made_ct.pixels(n).astype(np.uint16) + np.uint16(32768) for n in range(4)]
    rescale = {"RescaleIntercept": "-33792", "RescaleSlope": "1", "RescaleType": "HU"}
    made_ct.frames("enhanced", frames, [at(h) for h in HEIGHTS], {"PixelValueTransformationSequence": rescale})
    (volume,) = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert is_phase(made_ct, volume, 0)


def test_image_whose_frames_are_not_all_described_is_skipped(made_ct: Any) -> None:
    path = made_ct.frames("enhanced", [made_ct.pixels(n) for n in range(3)], [at(h) for h in HEIGHTS[:3]])
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x003 ", b"IS\x02\x002 "))
    with pytest.raises(NothingToOpenError, match="holds 2 frames, but describes 3"):
        scan(path, JobContext())


def test_an_image_whose_frames_say_one_thing_twice_is_skipped(made_ct: Any) -> None:
    path = made_ct.frames("enhanced", [made_ct.pixels(n) for n in range(3)], [at(h) for h in HEIGHTS[:3]])
    # The rescale's type becomes a second slope.
    path.write_bytes(path.read_bytes().replace(b"\x28\x00\x54\x10LO", b"\x28\x00\x53\x10LO"))
    with pytest.raises(NothingToOpenError, match="description of the frames is damaged"):
        scan(path, JobContext())


RLE, JPEG_LS, LOSSLESS = (f"1.2.840.10008.1.2.{n}" for n in ("5", "4.80", "4.70"))


@pytest.mark.parametrize("pieces", [1, 3], ids=["in one piece", "in pieces"])
@pytest.mark.parametrize("with_table", [True, False], ids=["with a table of offsets", "without"])
@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, LOSSLESS])
def test_a_compressed_file_that_ends_early_shows_the_frames_before(
    made_ct: Any, syntax: str, with_table: bool, pieces: int
) -> None:
    rng = np.random.default_rng(2)
    frames = [rng.integers(0, 3000, (40, 48)).astype(np.uint16) for _ in HEIGHTS]
    path = made_ct.frames("enhanced", frames, [at(h) for h in HEIGHTS])
    image = pydicom.dcmread(path)
    coded = [ENCODERS[syntax](frame) for frame in frames]
    image.PixelData = encapsulate(coded, fragments_per_frame=pieces, has_bot=with_table)
    image["PixelData"].VR = "OB"
    image.file_meta.TransferSyntaxUID = syntax
    image.save_as(path)
    path.write_bytes(path.read_bytes()[:-1000])
    if syntax == RLE and not with_table:
        # Nothing tells where a frame begins.
        with pytest.raises(UnreadableFileError):
            opened(made_ct)
        return
    (volume,) = opened(made_ct)
    assert np.array_equal(volume.slices, np.stack(frames[:3]).astype(int) - 1024)
    assert volume.verdict is Verdict.UNTRUSTED
    (reason,) = volume.reasons
    assert re.fullmatch(
        r"The image at H 6.0 mm could not be read: the (file ends|compressed pixels end) early\.", reason
    )
    assert volume.unread_lps_mm is not None


FRAME_BYTES = 24 * 32 * 2


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(
    ("at_byte", "count"),
    [(0, 2), (FRAME_BYTES + 100, 64), (2 * FRAME_BYTES, FRAME_BYTES), (3 * FRAME_BYTES + 20, 1516)],
    ids=["at the beginning", "in the middle", "a whole image", "at the end"],
)
def test_no_frame_is_shown_in_a_place_that_lost_bytes_may_have_moved(
    made_ct: Any, at_byte: int, count: int, syntax: str
) -> None:
    # Uncompressed frames are found by counting bytes alone, and nothing tells where some of them went.
    path = made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], [at(h) for h in HEIGHTS], syntax=syntax)
    raw = path.read_bytes()
    begin = len(raw) - 4 * FRAME_BYTES + at_byte
    path.write_bytes(raw[:begin] + raw[begin + count :])
    said = f"the file lacks {count:,} bytes of its pixels, and nothing tells where"
    with pytest.raises(UnreadableFileError) as caught:
        opened(made_ct)
    assert caught.value.sentence == f"None of the images of this series can be read: {said}."
    assert caught.value.hint == "Copy the file again from where it came, or export it anew."
    # Beside others its frames are missing, each in its place.
    for k in range(4, 8):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1")
    (volume,) = opened(made_ct)
    assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(4, 8)])
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == f"The image at H 0.0 mm could not be read: {said}."
    assert volume.unread_lps_mm is not None
    assert volume.unread_lps_mm[:, 2].tolist() == HEIGHTS


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("count", [0, 40, 512])
def test_bytes_lost_among_the_pixels_are_noticed_by_what_follows_them(made_ct: Any, count: int, syntax: str) -> None:
    # What is there behind the pixels makes up for what is not there of them.
    padding = pydicom.DataElement(0xFFFCFFFC, "OB", bytes(1024))
    made_ct.slice("single", made_ct.pixels(), (0, 0, 0), syntax=syntax, DataSetTrailingPadding=padding)
    made_ct.slice("other", made_ct.pixels(1), (0, 0, 2), syntax=syntax, DataSetTrailingPadding=padding)
    made_ct.slice("third", made_ct.pixels(2), (0, 0, 4), syntax=syntax, DataSetTrailingPadding=padding)
    path = made_ct.folder / "third"
    raw = path.read_bytes()
    begin = raw.index(made_ct.pixels(2).astype(">i2" if syntax == BIG else "<i2").tobytes()) + 300
    path.write_bytes(raw[:begin] + raw[begin + count :])
    found = scan(made_ct.folder, JobContext())
    said = [(one.file, one.why) for one in found.skipped]
    why = f"The file lacks {count:,} bytes of its pixels, and nothing tells where."
    assert said == ([("third", why)] if count else [])
    assert found.series[0].count == (2 if count else 3)


def test_frames_are_refused_where_the_header_is_at_odds_with_their_length(made_ct: Any) -> None:
    # The first half of what was written, read in words of twice the size, would be two wrong pictures.
    path = made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], [at(h) for h in HEIGHTS])
    image = pydicom.dcmread(path)
    image.BitsAllocated = 32
    image.save_as(path)
    with pytest.raises(UnreadableFileError, match="fewer pixels than its header says"):
        opened(made_ct)


PHASES: dict[str, tuple[Callable[[int, int], Macros], list[str]]] = {
    "temporal position": (
        lambda p, k: {"FrameContentSequence": {"TemporalPositionIndex": p + 1, "FrameAcquisitionNumber": k}},
        ["phase 1 of 2", "phase 2 of 2"],
    ),
    "acquisition number": (
        lambda p, k: {"FrameContentSequence": {"FrameAcquisitionNumber": p + 1}},
        ["acquisition 1", "acquisition 2"],
    ),
    "acquisition time": (
        lambda p, k: {"FrameContentSequence": {"FrameAcquisitionDateTime": f"202405011231{5 * p:02}"}},
        ["phase 1 of 2, 12:31:00", "phase 2 of 2, 12:31:05"],
    ),
    "cardiac phase": (
        lambda p, k: {
            "CardiacSynchronizationSequence": {"NominalPercentageOfCardiacPhase": 35.0 * (p + 1)},
            "FrameContentSequence": {"TemporalPositionIndex": p + 1},
        },
        ["phase 1 of 2, 35 %", "phase 2 of 2, 70 %"],
    ),
    "delay after the heart beat": (
        lambda p, k: {"CardiacSynchronizationSequence": {"NominalCardiacTriggerDelayTime": 62.5 * p}},
        ["phase 1 of 2, 0 ms", "phase 2 of 2, 62.5 ms"],
    ),
    "respiratory phase": (
        lambda p, k: {"RespiratorySynchronizationSequence": {"NominalPercentageOfRespiratoryPhase": 50.0 * p}},
        ["phase 1 of 2, 0 % of the breath", "phase 2 of 2, 50 % of the breath"],
    ),
    "stack": (lambda p, k: {"FrameContentSequence": {"StackID": "AB"[p]}}, ["stack A", "stack B"]),
    "kernel": (
        lambda p, k: {"CTReconstructionSequence": {"ConvolutionKernel": ("FC03", "FC52")[p]}},
        ["kernel FC03", "kernel FC52"],
    ),
    "tube voltage": (
        lambda p, k: {"CTXRayDetailsSequence": {"KVP": 80.0 + 60 * p}},
        ["80 kV", "140 kV"],
    ),
    "frame type": (
        lambda p, k: {"CTImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", "AB"[p]]}},
        ["image type A", "image type B"],
    ),
}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("by", list(PHASES))
def test_frames_at_one_place_are_phases_by_what_each_says_of_itself(made_ct: Any, by: str, syntax: str) -> None:
    macros, words = PHASES[by]
    write_phases(made_ct, macros, syntax=syntax)
    assert parts(made_ct) == words
    first, second = opened(made_ct)
    assert is_phase(made_ct, first, 0)
    assert is_phase(made_ct, second, 1)
    assert set(first.source_frames) | set(second.source_frames) == set(range(1, 9))


def test_a_frame_missing_in_one_phase_leaves_the_others_alone(made_ct: Any) -> None:
    keys = [(p, k) for p in range(4) for k in range(4) if (p, k) != (2, 1)]
    made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) + np.int16(100 * p) for p, k in keys],
        [at(HEIGHTS[k], FrameContentSequence={"TemporalPositionIndex": p + 1}) for p, k in keys],
    )
    volumes = opened(made_ct)
    assert volumes[2].reasons == ("1 slice is missing near H 2.0 mm.",)
    assert all(is_phase(made_ct, volumes[p], p) for p in (0, 1, 3))


def test_files_of_one_series_that_lie_at_the_same_places_are_parts(made_ct: Any) -> None:
    for p in range(2):
        made_ct.frames(f"f{p}", [made_ct.pixels(k) + np.int16(100 * p) for k in range(4)], [at(h) for h in HEIGHTS])
    assert parts(made_ct) == ["image 1 of 2", "image 2 of 2"]
    assert all(is_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


def test_frames_that_are_only_numbered_are_phases_by_their_number(made_ct: Any) -> None:
    keys = [(p, k) for p in range(2) for k in range(4)]
    made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) + np.int16(100 * p) for p, k in keys],
        [at(HEIGHTS[k]) for _, k in keys],
    )
    assert parts(made_ct) == ["phase 1 of 2, by image number", "phase 2 of 2, by image number"]
    assert all(is_phase(made_ct, v, p) for p, v in enumerate(opened(made_ct)))


def test_a_file_that_goes_on_in_another_is_one_volume(made_ct: Any) -> None:
    made_ct.frames("b", [made_ct.pixels(k) for k in (3, 2)], [at(HEIGHTS[k]) for k in (3, 2)])
    made_ct.frames("a", [made_ct.pixels(k) for k in (0, 1)], [at(HEIGHTS[k]) for k in (0, 1)])
    (volume,) = opened(made_ct)
    assert is_phase(made_ct, volume, 0)
    assert volume.source_frames == (1, 2, 2, 1)


def test_what_a_frame_says_goes_before_what_all_share(made_ct: Any) -> None:
    own = {"PixelSpacing": [0.6, 0.5], "SliceThickness": "2"}
    rescale = {"RescaleIntercept": "-1000", "RescaleSlope": "2", "RescaleType": "HU"}
    made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) for k in range(4)],
        [at(h, PixelMeasuresSequence=own, PixelValueTransformationSequence=rescale) for h in HEIGHTS],
    )
    (volume,) = opened(made_ct)
    assert volume.stack.pixel_spacing_mm == (0.5, 0.6)
    assert np.array_equal(volume.slices[1], made_ct.pixels(1).astype(int) * 2 - 1000)


def test_positions_go_before_the_numbers_of_frames_that_contradict_them(made_ct: Any) -> None:
    content = [{"InStackPositionNumber": n, "DimensionIndexValues": [1, n]} for n in (4, 3, 2, 1)]
    made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) for k in range(4)],
        [at(h, FrameContentSequence=c) for h, c in zip(HEIGHTS, content, strict=True)],
    )
    (volume,) = opened(made_ct)
    assert is_phase(made_ct, volume, 0)


@pytest.mark.parametrize(
    "macros",
    [
        {"PlanePositionSequence": {}},
        {"PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}},
        {"PixelMeasuresSequence": {"PixelSpacing": [0.9, 0.9]}},
        {"PixelValueTransformationSequence": {"RescaleIntercept": "0", "RescaleSlope": "1", "RescaleType": "US"}},
    ],
    ids=["without a place", "turned", "of another spacing", "of another unit"],
)
def test_a_frame_that_does_not_fit_the_others_is_kept_apart_and_missed(made_ct: Any, macros: Macros) -> None:
    groups = [at(h) for h in HEIGHTS]
    groups[1] = {**groups[1], **macros}
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups)
    volumes = opened(made_ct)
    assert [v.stack.count for v in volumes] == [3, 1]
    assert volumes[0].reasons[0] == "1 slice is missing near H 2.0 mm."
    assert volumes[0].verdict is Verdict.UNTRUSTED
    assert np.array_equal(volumes[0].slices[0], made_ct.pixels(0) - 1024)


def test_different_frames_at_one_place_that_nothing_tells_apart_are_not_trusted(made_ct: Any) -> None:
    heights = [0.0, 2.0, 2.0, 4.0, 6.0]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(5)], [at(h) for h in heights])
    (volume,) = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert "Different images lie at the same place near H 2.0 mm" in volume.reasons[0]


def test_a_damaged_number_that_only_tells_phases_apart_costs_no_image(made_ct: Any) -> None:
    path = made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) for k in range(4)],
        [at(h, CardiacSynchronizationSequence={"NominalPercentageOfCardiacPhase": 12.5}) for h in HEIGHTS],
    )
    whole = path.read_bytes()
    # No floating point number of eight bytes fits into four.
    assert whole.count(b"FL\x04\x00") == 4
    path.write_bytes(whole.replace(b"FL\x04\x00", b"FD\x04\x00"))
    (volume,) = opened(made_ct)
    assert is_phase(made_ct, volume, 0)


@pytest.mark.parametrize(
    ("second", "parts"), [(100.0, ["stack 1", "stack 2"]), (8.0, [""]), (9.0, ["stack 1", "stack 2"])]
)
def test_stacks_that_lie_apart_are_parts_and_nothing_is_missing_between_them(
    made_ct: Any, second: float, parts: list[str]
) -> None:
    groups = [at(2.0 * k, FrameContentSequence={"StackID": "1"}) for k in range(4)]
    groups += [at(second + 2.0 * k, FrameContentSequence={"StackID": "2"}) for k in range(4)]
    made_ct.frames("E", [made_ct.pixels(k) for k in range(8)], groups)
    found = scan(made_ct.folder, JobContext()).series
    assert [entry.part for entry in found] == parts
    assert all(assemble(entry, JobContext()).verdict is Verdict.OK for entry in found)


@pytest.mark.parametrize("syntax", NATIVE)
def test_phases_that_only_the_dimensions_of_the_frames_tell_apart_are_not_taken_for_those_of_their_order(
    made_ct: Any, syntax: str
) -> None:
    # One frame of each place among the first four, as by chance, but not all of one phase.
    order = [(0, 0), (0, 1), (1, 2), (0, 3), (1, 0), (1, 1), (0, 2), (1, 3)]
    stored = [made_ct.pixels(k) + np.int16(1000 * p) for p, k in order]
    groups = [at(HEIGHTS[k], FrameContentSequence={"DimensionIndexValues": [1, k + 1, p + 1]}) for p, k in order]
    made_ct.frames("enhanced", stored, groups, syntax=syntax)
    volumes = opened(made_ct)
    assert [volume.part for volume in volumes] == ["phase 1 of 2", "phase 2 of 2"]
    for p, volume in enumerate(volumes):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) + 1000 * p - 1024 for k in range(4)])
