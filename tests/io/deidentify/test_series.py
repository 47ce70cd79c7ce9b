"""A series made for a case is the same CT, to the last digit, of nobody."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK

from viewer.analysis.body_part import _WORDS
from viewer.domain.errors import CancelledError, DeidentifyError, SignOffError, StorageError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.deidentified_series import export_series
from viewer.io.deidentify import Deidentifier
from viewer.io.deidentify_words import PARTS
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.conftest import MadeCt
    from viewer.domain.job import Progress
    from viewer.domain.volume import Volume
    from viewer.io.decoders import Decoders

SERIES = {
    "tilted, uneven, padded": "a01_head_ge_tilt_uneven",
    "tilted the other way": "a02_head_phantom_philips/S21610/S3010",
    "in feet first": "a13_abdomen_contrast_CRLM-1004",
    "cropped": "a10_rtstruct_sarcoma/STS_001",
    "with a hole": "a08_highdicom_seg_sr",
    "big endian": "a04_transfer_syntaxes/CTImage/CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
    "deflated": "a04_transfer_syntaxes/CTImage/"
    "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
    "RLE": "a04_transfer_syntaxes/CTImage/CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
    "lossy": "a04_transfer_syntaxes/CTImage/CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    "JPEG 2000": "a04_transfer_syntaxes/CT1/CT1_J2KR",
    "in fragments": "a04_transfer_syntaxes/CT1_jpegls_encapsulation/CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm",
    "two frames in fragments": "a05_enhanced_ct_multiframe/CT0012.fragmented_no_bot_jpeg_ls.80.dcm",
    "two frames": "a05_enhanced_ct_multiframe/CT0012.explicit_little_endian.dcm",
    "oriented": "a18_orientation_phantom",
    "without most tags": "a16_missing_tags",
}


def _opened(place: Path, decoders: Decoders | None = None) -> Volume:
    entries = [entry for entry in scan(place, JobContext()).series if entry.kind == "dicom"]
    return assemble(max(entries, key=lambda e: e.count), JobContext(), decoders=decoders)


def _exported(volume: Volume, folder: Path, who: Deidentifier | None = None, **more: Any) -> Volume:
    return export_series(volume, folder, who or Deidentifier(), JobContext(), **more)


@pytest.mark.parametrize("what", SERIES)
def test_real_ct_is_the_same_in_every_value_and_place(
    what: str, real_data: Path, tmp_path: Path, shared_decoders: Decoders
) -> None:
    before = _opened(real_data / SERIES[what], shared_decoders)
    made = _exported(before, tmp_path / "out", signed_off=True, decoders=shared_decoders)
    again = _opened(tmp_path / "out", shared_decoders)
    for volume in (made, again):
        assert volume.slices.dtype == before.slices.dtype
        assert np.array_equal(volume.slices, before.slices)
        for name in ("positions_lps_mm", "row_direction", "column_direction"):
            assert np.array_equal(getattr(volume.stack, name), getattr(before.stack, name)), name
        assert volume.stack.pixel_spacing_mm == before.stack.pixel_spacing_mm
        assert (volume.unit, volume.padding, volume.verdict) == (before.unit, before.padding, before.verdict)
    assert len(list((tmp_path / "out").iterdir())) == len(set(before.source_files))


def test_another_program_reads_the_same_values_and_places(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "a13_abdomen_contrast_CRLM-1004"
    _exported(_opened(folder), tmp_path / "out")
    read = []
    for place in (folder, tmp_path / "out"):
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(place)))
        read.append(reader.Execute())
    one, other = read
    assert np.array_equal(SimpleITK.GetArrayViewFromImage(one), SimpleITK.GetArrayViewFromImage(other))
    assert one.GetOrigin() == other.GetOrigin()
    assert one.GetSpacing() == other.GetSpacing()
    assert one.GetDirection() == other.GetDirection()


def _dated(made_ct: MadeCt, series: str, day: str, clock: str) -> Volume:
    for k in range(3):
        made_ct.slice(
            f"{series}/{k}",
            made_ct.pixels(k),
            (0.0, 0.0, 2.0 * k),
            series=series,
            StudyDate=day,
            StudyTime=clock,
            AcquisitionDateTime=f"{day}{clock}",
        )
    return _opened(made_ct.folder / series)


def test_a_prior_keeps_its_distance_in_time_and_stays_of_the_same_patient(made_ct: MadeCt, tmp_path: Path) -> None:
    current = _dated(made_ct, "11", "20240229", "101530.25")
    prior = _dated(made_ct, "12", "20230115", "235959")
    one_export = Deidentifier()
    now, before = _exported(current, tmp_path / "now", one_export), _exported(prior, tmp_path / "before", one_export)
    images = [pydicom.dcmread(tmp_path / name / "0001.dcm") for name in ("now", "before")]
    moments = [datetime.strptime(image.StudyDate + image.StudyTime, "%Y%m%d%H%M%S.%f") for image in images]
    assert moments[0] - moments[1] == datetime(2024, 2, 29, 10, 15, 30, 250_000) - datetime(2023, 1, 15, 23, 59, 59)
    assert moments[0] < datetime(2023, 3, 1)
    assert images[0].AcquisitionDateTime == images[0].StudyDate + images[0].StudyTime
    assert now.series.identity.patient_id == before.series.identity.patient_id != ""
    # What lay in one frame of reference and one study still does.
    assert now.series.frame_of_reference_uid == before.series.frame_of_reference_uid
    assert now.series.study_uid == before.series.study_uid


def test_two_exports_of_a_series_have_nothing_in_common(made_ct: MadeCt, tmp_path: Path) -> None:
    volume = _dated(made_ct, "11", "20240229", "101530")
    made = [_exported(volume, tmp_path / name) for name in ("a", "b")]
    assert made[0].series.series_uid != made[1].series.series_uid
    assert made[0].series.identity.patient_id != made[1].series.identity.patient_id
    assert not set(made[0].source_uids) & set(made[1].source_uids)
    assert made[0].series.identity.study_date != made[1].series.identity.study_date


def test_the_files_say_what_was_done_to_them(made_ct: MadeCt, tmp_path: Path) -> None:
    _exported(_dated(made_ct, "11", "20240229", "101530"), tmp_path / "out")
    image = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert image.PatientIdentityRemoved == "YES"
    assert "CaseStage" in image.DeidentificationMethod
    codes = [(code.CodeValue, code.CodingSchemeDesignator) for code in image.DeidentificationMethodCodeSequence]
    assert codes == [("113100", "DCM"), ("113105", "DCM"), ("113107", "DCM")]
    assert image.LongitudinalTemporalInformationModified == "MODIFIED"
    assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID


def test_what_was_scanned_stays_told_and_who_wrote_it_does_not(made_ct: MadeCt, tmp_path: Path) -> None:
    elements = {
        "PatientName": "Brain^Bertha",
        "SeriesDescription": "Brain, Neck contrast for Dr. Smith 12:30",
        "Manufacturer": "SIEMENS",
        "ConvolutionKernel": "Br40d",
        "BodyPartExamined": "NECK",
    }
    made_ct.slice("a", made_ct.pixels(), **elements)
    made = _exported(_opened(made_ct.folder), tmp_path / "out")
    image = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    # The patient is called Brain, so that word goes too.
    assert made.series.description == "De-identified CT neck contrast"
    assert (image.Manufacturer, image.ConvolutionKernel, image.BodyPartExamined) == ("SIEMENS", "Br40d", "NECK")


def test_a_head_that_only_its_description_tells_of_is_still_known_for_one() -> None:
    # Otherwise a face could be shown in 3D, because the word that forbids it was taken away.
    assert set().union(*_WORDS.values()) <= PARTS


def test_text_that_may_be_burned_in_is_for_a_person_to_look_at(made_ct: MadeCt, tmp_path: Path) -> None:
    made_ct.slice("a", made_ct.pixels(), BurnedInAnnotation="YES")
    volume = _opened(made_ct.folder)
    with pytest.raises(SignOffError, match="may show text") as refusal:
        _exported(volume, tmp_path / "out")
    assert "burned in" in refusal.value.detail
    assert not (tmp_path / "out").exists()
    made = _exported(volume, tmp_path / "out", signed_off=True)
    assert made.stack.count == 1
    # Nothing covers on the stage what a person looked at.
    assert (volume.may_name, made.may_name) == (True, False)


def test_drawings_inside_unused_bits_of_the_pixels_are_refused(made_ct: MadeCt, tmp_path: Path) -> None:
    overlay = pydicom.DataElement(0x60000102, "US", 12)
    made_ct.slice("a", made_ct.pixels(), Overlay=overlay)
    with pytest.raises(DeidentifyError, match="inside the pixels"):
        _exported(_opened(made_ct.folder), tmp_path / "out", signed_off=True)
    assert not (tmp_path / "out").exists()


def test_pictures_of_a_screen_are_not_made_into_a_case(real_data: Path, tmp_path: Path) -> None:
    volume = _opened(real_data / "a02_head_phantom_philips" / "S21610" / "S4010")
    with pytest.raises(DeidentifyError, match="Only CT images"):
        _exported(volume, tmp_path / "out", signed_off=True)


def test_a_volume_that_is_no_dicom_is_refused(real_data: Path, tmp_path: Path) -> None:
    entry = scan(real_data / "a14_nifti_totalsegmentator" / "example_ct_sm.nii.gz", JobContext()).series[0]
    with pytest.raises(DeidentifyError, match="Only DICOM"):
        _exported(assemble(entry, JobContext()), tmp_path / "out")


def test_what_cannot_be_copied_unchanged_is_not_kept(made_ct: MadeCt, tmp_path: Path) -> None:
    # A slope that no scanner has is not believed, and without it the values would be others.
    made_ct.slice("a", made_ct.pixels(), RescaleSlope="123456789")
    with pytest.raises(DeidentifyError, match="without changing them"):
        _exported(_opened(made_ct.folder), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_stopping_leaves_nothing_behind(made_ct: MadeCt, tmp_path: Path) -> None:
    volume = _dated(made_ct, "11", "20240229", "101530")
    asked = iter([False, False, True, True, True])
    with pytest.raises(CancelledError):
        export_series(volume, tmp_path / "out", Deidentifier(), JobContext(cancelled=lambda: next(asked)))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said(made_ct: MadeCt, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises((StorageError, DeidentifyError)):
        _exported(_dated(made_ct, "11", "20240229", "101530"), tmp_path / "file" / "out")


def test_a_disk_that_was_taken_away_half_way_is_not_said_to_be_a_fault_of_the_images(
    real_data: Path, tmp_path: Path
) -> None:
    volume, out = _opened(real_data / SERIES["in feet first"]), tmp_path / "stick" / "out"

    def pulled_out(now: Progress) -> None:
        if now.what.startswith("Writing image 3"):
            shutil.rmtree(out.parent)

    with pytest.raises(StorageError, match="could not be saved"):
        export_series(volume, out, Deidentifier(), JobContext(pulled_out))
    assert not out.exists()
