from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.cli.conftest import casestage, write_series, write_small_case
from tests.io.conftest import MadeCt

if TYPE_CHECKING:
    from pathlib import Path

# The contract with other programs; a key may be added, none may go.
KEYS = {
    "uid",
    "modality",
    "description",
    "slices",
    "size_ijk",
    "spacing_mm",
    "gaps_mm",
    "tilt_deg",
    "unit",
    "range",
    "verdict",
    "reasons",
    "at",
    "sha256",
}


def only_series(*argv: object) -> dict[str, Any]:
    said = casestage("info", *argv, "--json")
    assert said.code == 0, said.err
    assert said.err == ""
    assert set(said.json) == {"series", "skipped"}
    (series,) = said.json["series"]
    assert set(series) >= KEYS
    return dict(series)


def test_json_holds_every_agreed_key_in_its_agreed_form(small_series: Path) -> None:
    said = only_series(small_series)
    assert said["size_ijk"] == [48, 40, 8]
    assert said["slices"] == 8
    assert said["spacing_mm"] == [2.0, 2.0, 3.0]
    assert said["gaps_mm"] == [3.0] * 7
    assert said["tilt_deg"] == 0
    assert (said["modality"], said["unit"], said["verdict"], said["reasons"]) == ("CT", "HU", "ok", [])
    assert said["range"] == [-1000, 700]
    assert said["at"] is None
    assert said["sha256"] is None


def test_the_truth_beside_the_images_is_told_be_it_nothing(small_series: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scan")
    place = tmp_path / "scan" / "truth" / "findings.json"
    ct = tmp_path / "scan" / "ct"
    assert only_series(ct)["truth"] == {"lesions": 1}
    assert "truth: 1 lesion" in casestage("info", ct).out
    place.write_text(json.dumps(json.loads(place.read_text()) | {"findings": [], "segmentation": None}))
    assert only_series(ct)["truth"] == {"lesions": 0}
    assert "truth: nothing to find" in casestage("info", ct).out
    assert only_series(small_series)["truth"] is None
    assert "truth" not in casestage("info", small_series).out
    place.write_text("{")
    assert only_series(ct)["truth"] is None
    assert "The ground truth beside the images is left out." in casestage("info", ct).out


def test_the_hash_is_over_int16_values_in_order_k_j_i(small_series: Path) -> None:
    voxels = np.full((8, 40, 48), -1000, "<i2")
    voxels[:, 6:34, 6:42] = 20
    voxels[3:6, 18:24, 20:28] = 700
    assert only_series(small_series, "--hash")["sha256"] == hashlib.sha256(voxels.tobytes()).hexdigest()


def test_a_point_gives_its_voxel_and_value(small_series: Path) -> None:
    assert only_series(small_series, "--at=-8,-4,112")["at"] == {"ijk": [20, 18, 4], "value": 700}
    assert only_series(small_series, "--at=500,0,0")["at"] is None


def test_a_point_outside_is_said_in_words_too(small_series: Path) -> None:
    assert "at that point: nothing of this series" in casestage("info", small_series, "--at=500,0,0").out
    assert "voxel [20, 18, 4], value 700" in casestage("info", small_series, "--at=-8,-4,112").out


def test_one_series_of_several_can_be_chosen(tmp_path: Path) -> None:
    write_series(tmp_path / "a", number=1)
    write_series(tmp_path / "b", number=2, slices=5)
    both = casestage("info", tmp_path, "--json").json["series"]
    assert sorted(series["slices"] for series in both) == [5, 8]
    wanted = next(series["uid"] for series in both if series["slices"] == 5)
    assert only_series(tmp_path, "--series", wanted)["slices"] == 5
    assert casestage("info", tmp_path, "--series", "1.2.3").is_sentence()


def test_junk_beside_a_series_is_named_with_the_reason(small_series: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(small_series, folder / "deep" / "er")
    (folder / "notes.txt").write_text("hello")
    said = casestage("info", folder, "--json")
    assert len(said.json["series"]) == 1
    assert said.json["skipped"] == [{"file": "notes.txt", "why": "Not an image in DICOM, NIfTI, NRRD or MetaImage."}]
    words = casestage("info", folder).out
    assert "1 skipped:" in words
    assert "notes.txt: Not an image in DICOM, NIfTI, NRRD or MetaImage." in words


def test_a_thousand_files_do_not_push_the_sentence_off_the_terminal(small_series: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for n in range(1000):
        (folder / f"{n}.txt").write_text("hello")
    refused = casestage("info", folder)
    assert refused.is_sentence()
    assert len(refused.err.splitlines()) < 40
    assert refused.err.splitlines()[-1] == "  and 970 more"
    shutil.copytree(small_series, folder / "series")
    words = casestage("info", folder).out.splitlines()
    assert "1000 skipped:" in words
    assert words[-1] == "  and 970 more"
    assert len(casestage("info", folder, "--json").json["skipped"]) == 1000


def test_words_for_people_hold_the_facts(small_series: Path) -> None:
    said = casestage("info", small_series)
    assert said.code == 0
    assert "48 × 40 × 8, 2 × 2 × 3 mm, HU, values -1000 to 700" in said.out
    assert "geometry ok" in said.out


@pytest.mark.parametrize(
    ("positions", "elements", "words"),
    [
        ([0, 2, 4], {"RescaleSlope": None}, "32 × 24 × 3, 0.7 × 0.8 × 2 mm, no known unit, values"),
        ([0, 2, 5], {}, "32 × 24 × 3, spacing uneven, HU, values"),
        ([0], {}, "32 × 24 × 1, one image, HU, values"),
        ([0], {"LossyImageCompression": "01"}, ", lossy compressed"),
        ([0, 2, 4], {"PixelSpacing": None}, "32 × 24 × 3, spacing not known, HU, values"),
    ],
)
def test_words_for_people_say_what_is_not_known(
    tmp_path: Path, positions: list[float], elements: dict[str, Any], words: str
) -> None:
    made = MadeCt(tmp_path)
    for k, height in enumerate(positions):
        made.slice(f"{k}", made.pixels(k), (0, 0, height), **elements)
    assert words in casestage("info", tmp_path).out


def test_real_portal_phase_abdomen(real_data: Path) -> None:
    said = only_series(real_data / "a13_abdomen_contrast_CRLM-1004", "--hash", "--at=5.8,0,-275")
    assert said["size_ijk"] == [512, 512, 41]
    assert said["spacing_mm"] == [0.796875, 0.796875, 5.0]
    assert said["verdict"] == "ok"
    assert said["range"] == [-3024, 1377]
    assert said["at"] == {"ijk": [256, 256, 20], "value": 143}
    assert said["sha256"].startswith("0d6957114c31")


def test_real_tilted_head_with_uneven_gaps(real_data: Path) -> None:
    said = only_series(real_data / "a01_head_ge_tilt_uneven", "--hash", "--at=-25.391,-5.0,-4.287")
    assert said["verdict"] == "resampled"
    assert said["spacing_mm"] is None
    assert said["tilt_deg"] == pytest.approx(18.5, abs=0.05)
    assert sorted({round(gap) for gap in said["gaps_mm"]}) == [1, 4, 7]
    assert len(said["reasons"]) == 2
    assert said["at"] == {"ijk": [204, 256, 7], "value": 72}
    assert said["sha256"].startswith("b9f11236dfdd")


def test_positions_that_coincide_are_told_and_not_trusted(real_data: Path) -> None:
    said = only_series(real_data / "a12_edge_series" / "notavolume")
    assert said["verdict"] == "untrusted"
    assert any("at one place" in reason for reason in said["reasons"])


def test_values_without_a_unit_are_no_hu(real_data: Path) -> None:
    said = only_series(real_data / "a15_nifti_misc" / "CT_pitch.nii.gz")
    assert said["unit"] != "HU"
    assert said["reasons"]
