"""What is kept apart under one series UID: patients, studies, coordinates, directions; and what is marked lossy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest

from tests.io.parts import entries, opened
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume


def axial(count: int, first: float = 0.0) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, first + 2.0 * k) for k in range(count)]


def holds(made_ct: Any, volume: Volume, count: int) -> bool:
    """Return True where a volume has the pixels of a made stack, and can be trusted."""
    values = np.stack([made_ct.pixels(k) for k in range(count)]).astype(int) - 1024
    return volume.verdict is Verdict.OK and np.array_equal(volume.slices, values)


@pytest.mark.parametrize(
    "elements",
    [{"StudyInstanceUID": "1.2.3"}, {"PatientID": "M2"}],
    ids=["another study", "another patient"],
)
def test_images_of_another_study_or_patient_under_the_same_series_uid_never_mix(
    made_ct: Any, elements: dict[str, str]
) -> None:
    made_ct.stack(axial(4))
    made_ct.stack(axial(4, first=8.0), prefix="b", **elements)
    assert [(e.count, e.part) for e in entries(made_ct)] == [(4, ""), (4, "")]
    assert all(holds(made_ct, v, 4) for v in opened(made_ct))


SPELLED = "On 3 images of this series the patient's ID is spelled otherwise"
MAYBE = "as they may be another patient's they are listed apart."


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (("A 1", "A1"), SPELLED),
        (("1 1", "11"), SPELLED),
        (("007", "7"), SPELLED),
        (("ab-3", "AB3"), SPELLED),
        (("M1", None), "On 3 images of this series there is no patient's ID"),
        ((None, "M1"), "On 3 images of this series there is a patient's ID, on these none"),
    ],
)
def test_one_patient_in_two_spellings_is_not_joined_and_not_trusted(
    made_ct: Any, ids: tuple[str | None, str | None], words: str
) -> None:
    # A site's first patient, "1 1", and its eleventh are two patients.
    made_ct.stack(axial(4), PatientID=ids[0])
    made_ct.stack(axial(3, first=8.0), prefix="b", PatientID=ids[1])
    first, second = entries(made_ct)
    assert (first.count, second.count) == (4, 3)
    assert assemble(first, JobContext()).reasons == (f"{words}; {MAYBE}",)
    assert assemble(first, JobContext()).verdict is Verdict.UNTRUSTED
    assert assemble(second, JobContext()).verdict is Verdict.UNTRUSTED


def test_padding_of_an_id_is_no_other_spelling(made_ct: Any) -> None:
    made_ct.stack(axial(4), PatientID="A1")
    made_ct.stack(axial(3, first=8.0), prefix="b", PatientID=" A1 ")
    (volume,) = opened(made_ct)
    assert (volume.verdict, volume.reasons) == (Verdict.OK, ())


def test_one_uid_for_several_patients_or_studies_is_said(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    made_ct.stack(axial(3), prefix="b", StudyInstanceUID="1.2.3")
    made_ct.stack(axial(2), prefix="c", series="2")
    assert [v.reasons for v in opened(made_ct)] == [
        ("The UID of this series is also on 3 images of another study; they are listed apart.",),
        ("The UID of this series is also on 4 images of another study; they are listed apart.",),
        (),
    ]
    for patient in ("M2", "M3"):
        made_ct.stack(axial(5), prefix=patient, PatientID=patient)
    said = "The UID of this series is also on 12 images of 2 other patients; they are listed apart."
    assert [v.reasons for v in opened(made_ct) if v.stack.count == 5] == [(said,), (said,)]


def test_images_in_other_coordinates_are_a_part_of_their_own(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    made_ct.stack(axial(3, first=8.0), prefix="b", FrameOfReferenceUID="1.2.3")
    made_ct.stack(axial(2, first=-4.0), prefix="A", FrameOfReferenceUID=None)
    found = entries(made_ct)
    assert [(e.count, e.part) for e in found] == [
        (6, "32 × 24, coordinates 1 of 2, 6 of 9 images"),
        (3, "32 × 24, coordinates 2 of 2, 3 of 9 images"),
    ]
    assert found[1].facts.frame_of_reference_uid == "1.2.3"
    assert found[0].facts.frame_of_reference_uid != "1.2.3"


def test_images_that_each_name_a_study_and_coordinates_of_their_own_are_one_volume(made_ct: Any) -> None:
    for k, position in enumerate(axial(4)):
        said = {"StudyInstanceUID": f"1.2.3.{k}", "FrameOfReferenceUID": f"1.2.4.{k}"}
        made_ct.slice(f"{k}", made_ct.pixels(k), position, **said)
    (volume,) = opened(made_ct)
    assert holds(made_ct, volume, 4)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_two_images_of_two_studies_or_coordinates_are_no_volume(made_ct: Any, keyword: str) -> None:
    for k, position in enumerate(axial(2)):
        made_ct.slice(f"{k}", made_ct.pixels(k), position, **{keyword: f"1.2.3.{k}"})
    assert [volume.stack.count for volume in opened(made_ct)] == [1, 1]


def test_mixed_directions_are_parts_by_plane(made_ct: Any) -> None:
    made_ct.stack(axial(5))
    for k in range(4):
        made_ct.slice(f"c{k}", made_ct.pixels(k), (0, 3.0 * k, 0), ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    for k in range(3):
        made_ct.slice(f"s{k}", made_ct.pixels(k), (3.0 * k, 0, 0), ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    assert [e.part for e in entries(made_ct)] == [
        "32 × 24, axial, 5 of 12 images",
        "32 × 24, coronal, 4 of 12 images",
        "32 × 24, sagittal, 3 of 12 images",
    ]
    assert all(v.verdict is Verdict.OK for v in opened(made_ct))


@pytest.mark.parametrize(
    ("said", "lossy"),
    [
        ({"LossyImageCompressionRatio": "12"}, True),
        ({"LossyImageCompressionMethod": "ISO_10918_1"}, True),
        ({"LossyImageCompression": "00", "LossyImageCompressionRatio": "2"}, False),
        ({"LossyImageCompressionRatio": ""}, False),
        ({"LossyImageCompressionRatio": "1.0"}, False),
    ],
)
def test_images_that_tell_how_much_was_lost_are_lossy(said: dict[str, str], lossy: bool, made_ct: Any) -> None:
    made_ct.stack(axial(3), **said)
    assert [entry.facts.lossy for entry in entries(made_ct)] == [lossy]


def test_one_lossy_image_makes_its_part_lossy(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    made_ct.slice("last", made_ct.pixels(4), axial(5)[4], LossyImageCompression="01")
    assert [v.series.lossy for v in opened(made_ct)] == [True]


def _j2k(values: Any, *, reversible: bool) -> bytes:
    return bytes(
        imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0 if reversible else 60, reversible=reversible)
    )


STREAMS: dict[str, Callable[[Any], bytes]] = {
    "80": lambda v: bytes(imagecodecs.jpegls_encode(v)),
    "80, near": lambda v: bytes(imagecodecs.jpegls_encode(v, level=3)),
    "81": lambda v: bytes(imagecodecs.jpegls_encode(v)),
    "81, near": lambda v: bytes(imagecodecs.jpegls_encode(v, level=3)),
    "90": lambda v: _j2k(v, reversible=True),
    "90, near": lambda v: _j2k(v, reversible=False),
    "91": lambda v: _j2k(v, reversible=True),
    "91, near": lambda v: _j2k(v, reversible=False),
    "201": lambda v: bytes(imagecodecs.htj2k_encode(v)),
    "201, near": lambda v: bytes(imagecodecs.htj2k_encode(v, reversible=False, level=0.01)),
    "203": lambda v: bytes(imagecodecs.htj2k_encode(v)),
    "203, near": lambda v: bytes(imagecodecs.htj2k_encode(v, reversible=False, level=0.01)),
    "70": lambda v: bytes(imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=16)),
    "57, near": lambda v: bytes(imagecodecs.jpeg8_encode(v, level=90, bitspersample=12)),
}


@pytest.mark.parametrize("said", ["00", None])
@pytest.mark.parametrize("stream", STREAMS)
def test_compressed_pixels_tell_themselves_that_they_are_lossy(made_ct: Any, stream: str, said: str | None) -> None:
    number = stream.partition(",")[0]
    for k in range(3):
        values = made_ct.pixels(k).astype(np.uint16)
        made_ct.slice(
            f"{k}",
            values,
            axial(3)[k],
            syntax=f"1.2.840.10008.1.2.4.{number}",
            stream=STREAMS[stream](values),
            LossyImageCompression=said,
            **({"BitsStored": 12, "HighBit": 11} if number == "57" else {}),
        )
    (entry,) = entries(made_ct)
    # Where nothing is said, what can be lossy by its transfer syntax is taken to be.
    assert entry.facts.lossy == ("near" in stream or (said is None and number in ("81", "91", "203")))


def test_pixels_that_cannot_be_read_any_more_are_marked_by_what_their_header_says(made_ct: Any) -> None:
    values = made_ct.pixels().astype(np.uint16)
    path = made_ct.slice("a", values, syntax="1.2.840.10008.1.2.4.80", stream=STREAMS["80"](values))
    path.write_bytes(path.read_bytes()[:-200])
    assert [entry.facts.lossy for entry in entries(made_ct)] == [False]


def test_no_two_parts_are_called_the_same(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    # By half a turn, and mirrored: all three are axial.
    made_ct.stack(axial(3, 100.0), prefix="turned", ImageOrientationPatient=[-1, 0, 0, 0, -1, 0])
    made_ct.stack(axial(3, 200.0), prefix="flipped", ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    assert [entry.part for entry in entries(made_ct)] == [
        "32 × 24, axial, 4 of 10 images",
        "32 × 24, axial, 3 of 10 images, part 1 of 2",
        "32 × 24, axial, 3 of 10 images, part 2 of 2",
    ]


def test_scout_views_in_two_directions_are_named_by_them(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    for name, directions in (("front", [1, 0, 0, 0, 0, -1]), ("side", [0, 1, 0, 0, 0, -1])):
        scout = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "ImageOrientationPatient": directions}
        made_ct.slice(name, made_ct.pixels(), (0, 0, 90), **scout)
    assert [entry.part for entry in entries(made_ct)] == [
        "32 × 24, 4 of 6 images",
        "localizer, coronal",
        "localizer, sagittal",
    ]


@pytest.mark.parametrize("first", ["real", "synthetic"])
def test_real_images_are_never_called_synthetic_nor_synthetic_ones_real(made_ct: Any, first: str) -> None:
    # Real ones called synthetic would show the patient's name where it is hidden.
    said = {"real": {}, "synthetic": {"SyntheticData": "YES"}}
    made_ct.stack(axial(4), prefix="a", **said.pop(first))
    made_ct.stack(axial(4, first=8.0), prefix="b", **said.popitem()[1])
    found = entries(made_ct)
    assert sorted((e.part, e.facts.synthetic) for e in found) == [
        ("32 × 24, not synthetic, 4 of 8 images", False),
        ("32 × 24, synthetic, 4 of 8 images", True),
    ]
    assert all(holds(made_ct, v, 4) for v in opened(made_ct))


def test_each_part_is_called_by_what_its_own_images_were_made_with(made_ct: Any) -> None:
    made_ct.stack(axial(5))
    made_ct.stack(axial(4), prefix="b", Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128", Units="BQML")
    made_ct.stack(axial(3), prefix="c", Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    assert [(e.count, e.facts.modality) for e in entries(made_ct)] == [(5, "CT"), (4, "PT"), (3, "MR")]


@pytest.mark.parametrize(
    "elements",
    [
        {"SyntheticData": "YES"},
        {"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"},
        {"Modality": "PT", "RescaleSlope": None},
        {"RescaleType": "US"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    ],
)
def test_two_images_that_are_of_two_kinds_make_no_volume(made_ct: Any, elements: dict[str, Any]) -> None:
    made_ct.slice("a", made_ct.pixels(), (0, 0, 0))
    made_ct.slice("b", made_ct.pixels(1), (0, 0, 2), **elements)
    assert [volume.stack.count for volume in opened(made_ct)] == [1, 1]


def test_images_of_another_modality_are_not_put_among_the_others(made_ct: Any) -> None:
    made_ct.stack(axial(5), Modality="MR")
    made_ct.stack(axial(4), prefix="b", Modality="OT")
    assert [(e.part, e.facts.modality) for e in entries(made_ct)] == [
        ("32 × 24, MR, 5 of 9 images", "MR"),
        ("32 × 24, OT, 4 of 9 images", "OT"),
    ]


def test_a_picture_of_the_screen_is_no_slice_of_the_scan_and_has_no_hu(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    made_ct.slice("screen", made_ct.pixels(4), axial(5)[4], ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])
    scan, screen = opened(made_ct)
    assert (scan.stack.count, scan.unit, scan.worded) == (4, "HU", False)
    assert (screen.stack.count, screen.unit, screen.worded) == (1, "unknown", True)


def test_one_image_with_its_grey_turned_over_does_not_turn_over_the_others(made_ct: Any) -> None:
    made_ct.stack(axial(1), prefix="a", PhotometricInterpretation="MONOCHROME1")
    made_ct.stack(axial(4, first=2.0), prefix="b")
    assert [(e.count, e.facts.monochrome1) for e in entries(made_ct)] == [(5, False)]


def test_what_is_missing_in_one_part_is_said_to_lie_in_the_other_where_it_does(made_ct: Any) -> None:
    at = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, z]}} for z in (0.0, 6.0, 12.0)]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(3)], at)
    # As where an archive converted some of the images: the fourth of the single ones is a frame.
    made_ct.stack([(0.0, 0.0, 2.0 * k) for k in range(6) if k != 3])
    single, frames = opened(made_ct)
    assert (single.stack.count, frames.stack.count) == (5, 3)
    assert single.verdict is Verdict.UNTRUSTED
    assert "1 slice is missing near H 6.0 mm." in single.reasons
    assert "Where images are missing, 1 image of another part of this series lies." in single.reasons[1]
    assert not any("another part" in reason for reason in frames.reasons)


def test_parts_that_lie_beside_each_other_are_not_said_to_hold_what_is_missing(made_ct: Any) -> None:
    at = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, z]}} for z in (20.0, 22.0, 24.0)]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(3)], at)
    made_ct.stack([(0.0, 0.0, 2.0 * k) for k in range(6) if k != 3])
    single, frames = opened(made_ct)
    assert not any("another part" in reason for reason in (*single.reasons, *frames.reasons))


LEFT_OUT = "The images are numbered 3, 5, 7 and so on: those between them may be missing."


@pytest.mark.parametrize("there", [False, True], ids=["left out", "of another part"])
def test_evenly_numbered_images_of_which_every_second_is_left_out_say_so(made_ct: Any, there: bool) -> None:
    for k in range(8):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), InstanceNumber=str(3 + 2 * k))
        if there:
            said = {"InstanceNumber": str(4 + 2 * k), "ConvolutionKernel": "Sharp"}
            made_ct.slice(f"b{k}", made_ct.pixels(k), (0, 0, 2 * k), **said)
    found = opened(made_ct)
    assert [(volume.verdict, volume.reasons) for volume in found] == (
        [(Verdict.OK, ()), (Verdict.OK, ())] if there else [(Verdict.OK, (LEFT_OUT,))]
    )


@pytest.mark.parametrize(
    ("numbered", "thickness", "says"),
    [(2, "2", True), (4, "2", True), (10, "2", False), (100, "2", False), (10, "0.5", True), (10, None, True)],
)
def test_images_numbered_in_tens_that_lie_side_by_side_leave_no_slices_out(
    made_ct: Any, numbered: int, thickness: str | None, *, says: bool
) -> None:
    for k in range(8):
        number = str(numbered * (k + 1))
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), InstanceNumber=number, SliceThickness=thickness)
    (volume,) = opened(made_ct)
    assert any("are numbered" in reason for reason in volume.reasons) is says


def test_localizers_of_several_directions_are_not_said_to_lie_apart(made_ct: Any) -> None:
    for k, across in enumerate(((1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 1, 0))):
        said = {"ImageOrientationPatient": list(across), "SliceThickness": "1.2"}
        made_ct.slice(f"{k}", made_ct.pixels(k), (30.0 * k, 100.0 - 20 * k, 7.0), **said)
    (volume,) = opened(made_ct)
    assert not any("apart" in reason for reason in volume.reasons)


@pytest.mark.parametrize(
    ("thickness", "step", "said"),
    [
        ("2", 4.0, "2 mm thick and lie 4 mm apart"),
        ("1.25", 10.0, "1.25 mm thick and lie 10 mm apart"),
        ("2", 2.0, ""),
        ("5", 2.0, ""),
        ("0", 2.0, ""),
        (None, 2.0, ""),
    ],
)
def test_slices_further_apart_than_they_are_thick_say_so(
    thickness: str | None, step: float, said: str, made_ct: Any
) -> None:
    for k in range(5):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, step * k), SliceThickness=thickness)
    (volume,) = opened(made_ct)
    words = f"The slices are {said}: what is between them was not scanned, or is missing."
    assert (volume.verdict, volume.reasons) == (Verdict.OK, (words,) if said else ())
