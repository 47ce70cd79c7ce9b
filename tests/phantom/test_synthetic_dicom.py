"""A phantom becomes DICOM that other programs read, pixel for pixel, and that says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from viewer.domain.errors import StorageError
from viewer.domain.geometry import Verdict
from viewer.domain.identifiers import uid_from
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.synthetic_dicom import write_ct_series

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.phantom import Phantom


def written(folder: Path, phantom: Phantom, **other: object) -> list[pydicom.FileDataset]:
    """Return the files of a phantom, read back with pydicom in the order of k."""
    files = write_ct_series(
        folder,
        phantom.voxels_hu,
        origin_lps_mm=phantom.origin_lps_mm,
        spacing_mm=phantom.spacing_mm,
        description=phantom.description,
        body_part="HEAD",
        series_uid=uid_from("series"),
        study_uid=uid_from("study"),
        frame_uid=uid_from("frame"),
        window=(40.0, 80.0),
        **other,
    )
    return [pydicom.dcmread(path) for path in files]


def test_the_program_opens_it_with_the_same_voxels_in_the_same_places(tmp_path: Path, head: Phantom) -> None:
    images = written(tmp_path, head)
    found = scan(tmp_path, JobContext())
    assert [entry.count for entry in found.series] == [len(images)]
    assert found.skipped == ()
    volume = assemble(found.series[0], JobContext())
    assert volume.verdict is Verdict.OK
    assert volume.unit == "HU"
    assert volume.series.synthetic
    assert np.array_equal(volume.slices, head.voxels_hu)
    lesion = head.lesions[0]
    i, j, k = np.argwhere(head.truth == lesion.label_value).mean(axis=0)[::-1]
    assert volume.stack.lps((i, j, k)) == pytest.approx(lesion.centre_lps_mm, abs=1e-3)


def test_the_code_stream_is_compressed_and_the_header_names_positions(tmp_path: Path, head: Phantom) -> None:
    images = written(tmp_path, head)
    for k, image in enumerate(images):
        at = (*head.origin_lps_mm[:2], head.origin_lps_mm[2] + k * head.spacing_mm[2])
        assert [float(v) for v in image.ImagePositionPatient] == pytest.approx(at)
    assert [float(v) for v in images[0].PixelSpacing] == [head.spacing_mm[1], head.spacing_mm[0]]
    assert images[0].file_meta.TransferSyntaxUID.is_compressed
    assert len(images[len(images) // 2].PixelData) < head.voxels_hu[0].nbytes


def test_every_file_says_that_it_is_synthetic(tmp_path: Path, head: Phantom) -> None:
    for image in written(tmp_path, head):
        assert image.SyntheticData == "YES"
        assert image.SeriesDescription.startswith("Synthetic")
        assert "SYNTHETIC" in str(image.PatientName)


def test_uids_are_made_from_the_series_and_differ_from_slice_to_slice(tmp_path: Path, head: Phantom) -> None:
    once, twice = written(tmp_path / "a", head), written(tmp_path / "b", head)
    uids = [image.SOPInstanceUID for image in once]
    assert uids == [image.SOPInstanceUID for image in twice]
    assert len(set(uids)) == len(uids)
    assert all(uid.startswith("2.25.") for uid in uids)
    assert {image.FrameOfReferenceUID for image in once} == {uid_from("frame")}


def test_a_tilted_gantry_shows_in_the_orientation(tmp_path: Path, head: Phantom) -> None:
    image = written(tmp_path, head, tilt_deg=15.0)[3]
    row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
    normal = np.cross(row.astype(float), column.astype(float))
    assert np.rad2deg(np.arccos(normal[2])) == pytest.approx(15.0, abs=1e-4)


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path, head: Phantom) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        written(tmp_path / "file" / "dicom", head)
    assert caught.value.sentence.startswith("The synthetic series could not be saved")
