"""Segmentations that other programs wrote, in every encoding, hold the voxels their authors counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.io.documents.made import opened
from viewer.domain.errors import UnreadableFileError
from viewer.io.dicom_colour import srgb_of_cielab
from viewer.io.seg import read_seg

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

LIVER = 107098


@pytest.fixture(scope="module")
def liver(real_data: Path) -> Volume:
    return opened(real_data / "a06_seg_liver_3slice" / "ct")


def _counts(path: Path, volume: Volume, least_fraction: float = 0.5) -> list[int]:
    return [s.mask.count if s.mask else 0 for s in read_seg(path, volume, least_fraction=least_fraction)]


def test_the_liver_has_the_voxels_that_its_authors_counted(real_data: Path, liver: Volume) -> None:
    (segment,) = read_seg(real_data / "a06_seg_liver_3slice" / "liver.dcm", liver)
    assert segment.label == "Liver"
    assert segment.mask is not None
    assert segment.mask.count == LIVER
    values = liver.slices[segment.mask.box][segment.mask.voxels].astype(float)
    assert values.mean() == pytest.approx(37.3289, abs=1e-4)
    assert values.std(ddof=1) == pytest.approx(59.169, abs=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "deflate",
        "expb",
        "j2k",
        "rle",
        "nonbyte_aligned",
        "nonbyte_aligned_deflate",
        "nonbyte_aligned_j2k",
        "nonbyte_aligned_rle",
    ],
)
def test_every_encoding_of_the_liver_is_the_same_voxels(real_data: Path, liver: Volume, name: str) -> None:
    folder = real_data / "a06_seg_liver_3slice"
    (plain,) = read_seg(folder / "liver.dcm", liver)
    (other,) = read_seg(folder / "encodings" / f"liver_{name}.dcm", liver)
    assert plain.mask is not None
    assert other.mask is not None
    assert other.mask.same_as(plain.mask)


def test_overlapping_segments_keep_all_their_voxels(real_data: Path, liver: Volume) -> None:
    path = real_data / "a06_seg_liver_3slice" / "partial_overlaps.dcm"
    assert _counts(path, liver) == [9602, 11888, 10743, 6693, 4713]


@pytest.mark.parametrize(("width", "voxels"), [("23x38x3", 322), ("24x38x3", 315)])
@pytest.mark.parametrize("images", ["image", "multiframe"])
def test_frames_that_are_not_square_and_no_whole_bytes(real_data: Path, width: str, voxels: int, images: str) -> None:
    folder = real_data / "a07_seg_nonsquare" / width
    assert _counts(folder / "seg" / "label.seg", opened(folder / images)) == [voxels]


@pytest.mark.parametrize("name", ["sparse-labelmap-noppv.dcm", "sparse-labelmap-ppv5.dcm"])
def test_a_sparse_label_map_leaves_background_and_padding_out(real_data: Path, name: str) -> None:
    folder = real_data / "a07_seg_nonsquare"
    assert _counts(folder / name, opened(folder / "24x38x3" / "image")) == [630]


def test_binary_fractional_and_overlapping_segments_across_a_hole(real_data: Path) -> None:
    folder = real_data / "a08_highdicom_seg_sr"
    volume = opened(folder / "ct_77654033_CT2")
    assert _counts(folder / "seg_image_ct_binary.dcm", volume) == [638]
    assert _counts(folder / "seg_image_ct_binary_fractional.dcm", volume) == [638]
    assert _counts(folder / "seg_image_ct_binary_overlap.dcm", volume) == [64, 16]
    fractional = folder / "seg_image_ct_true_fractional.dcm"
    assert _counts(fractional, volume) == [638]
    assert _counts(fractional, volume, least_fraction=0.2) == [638 + 23]


def test_a_single_frame(real_data: Path) -> None:
    folder = real_data / "a08_highdicom_seg_sr"
    volume = opened(folder / "CTImageStorage.dcm")
    assert _counts(folder / "seg_image_ct_binary_single_frame.dcm", volume) == [1832]


def test_a_segmentation_that_does_not_lie_on_the_series_is_refused(real_data: Path, liver: Volume) -> None:
    with pytest.raises(UnreadableFileError, match="does not lie on this series"):
        read_seg(real_data / "a09_sr_tid1500_refs_absent" / "seg.dcm", liver)


def test_segments_have_the_colours_that_their_author_recommends(real_data: Path, liver: Volume) -> None:
    folder = real_data / "a06_seg_liver_3slice"
    # Slicer's colours of liver, tissue and so on, to the last digit.
    assert [s.colour for s in read_seg(folder / "liver.dcm", liver)] == ["#DD8265"]
    colours = [s.colour for s in read_seg(folder / "partial_overlaps.dcm", liver)]
    assert colours[:3] == ["#80AE80", "#D8654F", "#B79CDC"]


@pytest.mark.parametrize("stored", [None, 5, (), (1, 2), (0, 0, 70000), ("a", "b", "c")])
def test_a_colour_that_is_none_is_no_colour(stored: object) -> None:
    assert srgb_of_cielab(stored) == ""


@pytest.mark.parametrize(("stored", "colour"), [((65535, 32896, 32896), "#FFFFFF"), ((0, 32896, 32896), "#000000")])
def test_white_and_black_are_white_and_black(stored: tuple[int, ...], colour: str) -> None:
    assert srgb_of_cielab(stored) == colour
