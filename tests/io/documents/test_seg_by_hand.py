"""Segmentations as other programs write them, a few voxels each, lie on the voxels that they say and on no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from tests.io.documents.conftest import write_series
from tests.io.documents.made import opened
from viewer.domain.errors import UnreadableFileError
from viewer.io.seg_reading import read_seg

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

_COLUMN_MM, _ROW_MM = 0.9, 0.7


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return opened(write_series(tmp_path / "ct", [0.0, 2.0, 4.0]))


def _item(**elements: Any) -> Sequence:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return Sequence([item])


def _frame(at: tuple[float, float, float], segment: int | None) -> Dataset:
    """Return the facts of a frame whose first pixel lies at an ijk of the series."""
    i, j, k = at
    place = [round(-12.5 + _COLUMN_MM * i, 4), round(8.25 + _ROW_MM * j, 4), round(2.0 * k, 4)]
    group = Dataset()
    group.PlanePositionSequence = _item(ImagePositionPatient=place)
    if segment is not None:
        group.SegmentIdentificationSequence = _item(ReferencedSegmentNumber=segment)
    return group


def _seg(
    path: Path,
    frames: list[tuple[tuple[float, float, float], int | None, NDArray[np.uint8]]],
    segments: tuple[int, ...] = (1,),
    **elements: Any,
) -> Path:
    """Write a segmentation of 8 bits: where each frame's first pixel lies (ijk), its segment, its values."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.826.0.1.70"
    dataset.Modality, dataset.SegmentationType, dataset.MaximumFractionalValue = "SEG", "FRACTIONAL", 100
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.Rows, dataset.Columns = frames[0][2].shape
    dataset.NumberOfFrames = len(frames)
    dataset.SegmentSequence = Sequence()
    for number in segments:
        dataset.SegmentSequence.extend(_item(SegmentNumber=number, SegmentLabel=f"part {number}"))
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = _item(PixelSpacing=[_ROW_MM, _COLUMN_MM])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_frame(at, segment) for at, segment, _values in frames])
    dataset.PixelData = b"".join(values.tobytes() for _at, _segment, values in frames)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    return path


def _label_map(path: Path, values: NDArray[np.uint8], segments: tuple[int, ...], **elements: Any) -> Path:
    kind = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.7", "SegmentationType": "LABELMAP"}
    return _seg(path, [((0, 0, 1), None, values)], segments, **kind, **elements)


def _marked(path: Path, volume: Volume) -> dict[int, list[tuple[int, ...]]]:
    """Return the marked voxels of every segment, as (i, j, k) of the series."""
    found: dict[int, list[tuple[int, ...]]] = {}
    for segment in read_seg(path, volume):
        found[segment.number] = []
        if segment.mask is not None:
            i0, j0, k0 = segment.mask.first_ijk
            found[segment.number] = [
                (i0 + int(i), j0 + int(j), k0 + int(k)) for k, j, i in np.argwhere(segment.mask.voxels)
            ]
    return found


def _values(shape: tuple[int, int], **at: int) -> NDArray[np.uint8]:
    """Return zeros, and 100 at "row_column"."""
    values = np.zeros(shape, dtype=np.uint8)
    for place, value in at.items():
        row, column = (int(part) for part in place.removeprefix("at").split("_"))
        values[row, column] = value
    return values


def test_a_small_frame_is_laid_where_it_says(volume: Volume, tmp_path: Path) -> None:
    path = _seg(tmp_path / "seg.dcm", [((12, 20, 2), 1, _values((5, 7), at1_4=100))])
    assert _marked(path, volume) == {1: [(16, 21, 2)]}


@pytest.mark.parametrize(
    ("first", "marked", "there"),
    [
        # A frame may be larger than the images, with nothing marked beyond them.
        ((-3, -4, 1), {"at5_6": 100}, (3, 1, 1)),
        ((36, 27, 1), {"at1_2": 100}, (38, 28, 1)),
        ((-3, -4, 1), {"at5_6": 100, "at5_2": 100}, None),
        ((-3, -4, 1), {"at5_6": 100, "at3_6": 100}, None),
        ((36, 27, 1), {"at1_2": 100, "at1_4": 100}, None),
        ((36, 27, 1), {"at1_2": 100, "at3_2": 100}, None),
        ((60, 0, 1), {"at0_0": 100}, None),
    ],
)
def test_voxels_beyond_the_edge_of_the_images_are_not_lost_in_silence(
    volume: Volume, tmp_path: Path, first: tuple[int, int, int], marked: dict[str, int], there: tuple[int, ...] | None
) -> None:
    path = _seg(tmp_path / "seg.dcm", [(first, 1, _values((8, 9), **marked))])
    if there is not None:
        assert _marked(path, volume) == {1: [there]}
        return
    with pytest.raises(UnreadableFileError, match="it reaches beyond the edge of the images"):
        read_seg(path, volume)


def test_a_frame_beside_the_images_in_which_nothing_is_marked_takes_nothing_from_the_others(
    volume: Volume, tmp_path: Path
) -> None:
    marked, empty = _values((5, 7), at1_4=100), _values((5, 7))
    path = _seg(tmp_path / "seg.dcm", [((12, 20, 2), 1, marked), ((60, 50, 1), 1, empty), ((-30, 50, 0), 1, empty)])
    assert _marked(path, volume) == {1: [(16, 21, 2)]}


def test_pieces_of_one_segment_on_one_image_are_both_kept(volume: Volume, tmp_path: Path) -> None:
    piece = _values((3, 3), at1_1=100)
    path = _seg(tmp_path / "seg.dcm", [((2, 2, 1), 1, piece), ((20, 10, 1), 1, piece)])
    assert _marked(path, volume) == {1: [(3, 3, 1), (21, 11, 1)]}


@pytest.mark.parametrize("off", [(0.4, 0, 1), (0, 0.4, 1), (0, -0.2, 1)])
def test_pixels_between_those_of_the_series_are_refused(
    volume: Volume, tmp_path: Path, off: tuple[float, float, float]
) -> None:
    path = _seg(tmp_path / "seg.dcm", [(off, 1, _values((5, 7), at1_4=100))])
    with pytest.raises(UnreadableFileError, match="its pixels lie between those of the series"):
        read_seg(path, volume)


@pytest.mark.parametrize("directions", [[1, 0, 0, 0, -1, 0], [-1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0]])
def test_a_mirrored_frame_of_a_single_voxel_is_refused(volume: Volume, tmp_path: Path, directions: list[float]) -> None:
    path = _seg(tmp_path / "seg.dcm", [((12, 20, 2), 1, _values((1, 1), at0_0=100))])
    _turn(path, directions)
    with pytest.raises(UnreadableFileError, match="its images are turned otherwise"):
        read_seg(path, volume)


def _turn(path: Path, directions: list[float]) -> None:
    from pydicom import dcmread

    dataset = dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = directions
    dataset.save_as(path)


@pytest.mark.parametrize(("most", "marked"), [(100, [(4, 1, 1)]), (200, [])])
def test_a_share_of_a_voxel_is_one_of_the_highest_value_that_the_file_names(
    volume: Volume, tmp_path: Path, most: int, marked: list[tuple[int, int, int]]
) -> None:
    path = _seg(
        tmp_path / "seg.dcm", [((0, 0, 1), 1, _values((5, 7), at1_4=60, at2_2=40))], MaximumFractionalValue=most
    )
    assert _marked(path, volume) == {1: marked}


def test_segments_that_are_counted_from_0_are_all_there(volume: Volume, tmp_path: Path) -> None:
    frames = [((0, 0, 1), 0, _values((5, 7), at1_4=100)), ((0, 0, 1), 1, _values((5, 7), at2_5=100))]
    path = _seg(tmp_path / "seg.dcm", frames, (0, 1))
    assert _marked(path, volume) == {0: [(4, 1, 1)], 1: [(5, 2, 1)]}


def test_every_label_of_a_label_map_has_its_own_voxels(volume: Volume, tmp_path: Path) -> None:
    path = _label_map(tmp_path / "seg.dcm", _values((30, 40), at1_4=1, at2_5=2, at3_6=9), (2, 1))
    # 9 is described nowhere.
    assert list(_marked(path, volume).items()) == [(1, [(4, 1, 1)]), (2, [(5, 2, 1)])]


def test_background_and_padding_of_a_label_map_are_no_segments_though_they_are_named(
    volume: Volume, tmp_path: Path
) -> None:
    values = _values((30, 40), at1_4=1, at2_5=7)
    path = _label_map(tmp_path / "seg.dcm", values, (0, 1, 7), PixelPaddingValue=7)
    assert _marked(path, volume) == {1: [(4, 1, 1)], 7: []}
