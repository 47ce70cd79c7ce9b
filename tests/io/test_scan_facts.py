"""Every real series as other tools see it: hashes of all voxels, and HU at places in the patient."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.series_report import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume

LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 203)}
CASES = (
    "a01_head_ge_tilt_uneven", "a02_head_phantom_philips", "a03_head_slicer_64", "a04_transfer_syntaxes",
    "a05_enhanced_ct_multiframe", "a06_seg_liver_3slice", "a07_seg_nonsquare", "a08_highdicom_seg_sr",
    "a10_rtstruct_sarcoma", "a11_rtstruct_phantom", "a12_edge_series", "a13_abdomen_contrast_CRLM-1004",
    "a16_missing_tags", "a17_dicomdir", "a18_orientation_phantom", "a19_htj2k_derived", "a20_gsps_derived",
)  # fmt: skip


def facts_of(folder: Path, case: str) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    """Yield where a series lies, its facts, and whether every voxel is known.

    Left out is what has no one order that other tools could agree on: several images at one place, and MR pictures
    that look in several directions.
    """
    for series in json.loads((folder / "FACTS_ALL.json").read_text())[case].get("series", []):
        several = "0" in (series.get("gaps_along_normal_mm") or {})
        turning = series.get("Modality") == "MR" and not isinstance(series.get("IOP"), str)
        if not series.get("voxels") or several or turning:
            continue
        base, folders = folder / case, series.get("folder") or ["."]
        where = base / series["file"] if series.get("file") else base / folders[0] if len(folders) == 1 else base
        exact = not LOSSY & set(series["TransferSyntaxes"]) and "float" not in str(series.get("HU_dtype_sitk"))
        yield where, series, exact and len(series.get("sha256_int16_LE_kji") or "") == 64


def numbers(said: Any) -> list[float]:
    """Return the numbers of one DICOM value; none where it is absent, or differs between the files."""
    return [float(v) for v in said.split("\\")] if isinstance(said, str) and "\\" in said else []


def assert_every_number(series: dict[str, Any], volume: Volume) -> None:
    """Hold size, spacing, places, gaps, tilt and range against what other tools say of a series."""
    stack = volume.stack
    frames = int(series["Frames"]) if series["Frames"] != "<absent>" else 1
    assert stack.count == series["n_files"] * frames
    assert stack.size_ij == (int(series["Cols"]), int(series["Rows"]))
    assert [float(volume.slices.min()), float(volume.slices.max())] == series["HU_min_max"]
    assert float(volume.slices.mean(dtype=np.float64)) == pytest.approx(series["HU_mean"], abs=1e-4)
    if spacing := numbers(series["PixelSpacing(row,col)"]):
        assert stack.pixel_spacing_mm == (spacing[1], spacing[0])
    if numbers(series["IOP"]) and "first_IPP" in series:
        assert np.allclose([*stack.row_direction, *stack.column_direction], numbers(series["IOP"]), atol=1e-4)
        ends = [stack.positions_lps_mm[0], stack.positions_lps_mm[-1]]
        assert np.allclose(ends, [series["first_IPP"], series["last_IPP"]], atol=1e-3)
        assert np.allclose(stack.heights_mm[[0, -1]], series["positions_along_normal_mm"], atol=1e-3)
    if series.get("gaps_along_normal_mm"):
        gaps = Counter(f"{gap:.2f}".rstrip("0").rstrip(".") for gap in stack.gaps_mm)
        assert gaps == series["gaps_along_normal_mm"]
        assert stack.tilt_deg == pytest.approx(series["angle_stack_vs_normal_deg"], abs=0.06)


@pytest.mark.parametrize("case", CASES)
def test_every_real_series_is_as_other_tools_see_it(real_data: Path, case: str) -> None:
    checked = 0
    for where, series, exact in facts_of(real_data, case):
        entries = [e for e in scan(where, JobContext()).series if e.facts.series_uid == series["Series"]]
        volumes = [(e, assemble(e, JobContext())) for e in entries]
        if exact:
            hashes = [report(e, v, with_hash=True)["sha256"] for e, v in volumes]
            assert series["sha256_int16_LE_kji"] in hashes, where.name
            assert_every_number(series, volumes[hashes.index(series["sha256_int16_LE_kji"])][1])
            assert volumes[hashes.index(series["sha256_int16_LE_kji"])][1].slices.dtype == np.int16
        for voxel in series["voxels"]:
            if "LPS_mm" in voxel:
                found = [(report(e, v, voxel["LPS_mm"])["at"] or {}).get("value") for e, v in volumes]
                near = [f for f in found if f is not None and abs(f - voxel["HU"]) <= (0 if exact else 12)]
                assert near, (where.name, voxel, found)
        checked += 1
    assert checked


VERDICTS = [
    ("a01_head_ge_tilt_uneven", "resampled", "tilted by 18.5°"),
    ("a02_head_phantom_philips/S21610/S2010", "resampled", "tilted by 18.5°"),
    ("a02_head_phantom_philips/S21610/S3010", "resampled", "tilted by 16.5°"),
    ("a02_head_phantom_philips/S21570/S2010", "ok", ""),
    ("a06_seg_liver_3slice/ct", "ok", ""),
    ("a08_highdicom_seg_sr/ct_77654033_CT2", "untrusted", "161 slices are missing near H 1.8 mm"),
    ("a11_rtstruct_phantom/oriented_data", "ok", ""),
    ("a12_edge_series/gantrytilting", "resampled", "tilted by 14.0°"),
    ("a12_edge_series/notavolume", "untrusted", "4 images lie at one place, H 61.5 mm"),
    ("a12_edge_series/sliceincrement_001", "untrusted", "1 slice is missing near H 33.1 mm"),
    ("a13_abdomen_contrast_CRLM-1004", "ok", ""),
    ("a17_dicomdir/dicomdirtests/98892001/CT2N", "untrusted", "look in different directions"),
]


@pytest.mark.parametrize(("folder", "verdict", "reason"), VERDICTS)
def test_verdict_on_real_series(real_data: Path, folder: str, verdict: str, reason: str) -> None:
    entry = scan(real_data / folder, JobContext()).series[0]
    volume = assemble(entry, JobContext())
    assert volume.verdict.value == verdict
    assert reason in " ".join(volume.reasons)
    geometry = [r for r in volume.reasons if "unit" not in r]
    assert bool(geometry) == (verdict != "ok")


def test_units_are_hu_only_where_the_file_makes_them_so(real_data: Path) -> None:
    units = {
        "a13_abdomen_contrast_CRLM-1004": "HU",
        "a16_missing_tags": "HU",
        "a03_head_slicer_64": "unknown",
        "a05_enhanced_ct_multiframe/CT0012.explicit_little_endian.dcm": "unknown",
        "a02_head_phantom_philips/S21610/S1000": "unknown",
    }
    for folder, unit in units.items():
        entry = scan(real_data / folder, JobContext()).series[0]
        assert assemble(entry, JobContext()).unit == unit, folder


def test_padding_of_the_real_abdomen_is_kept_apart_from_air(real_data: Path) -> None:
    volume = assemble(scan(real_data / "a13_abdomen_contrast_CRLM-1004", JobContext()).series[0], JobContext())
    assert volume.padding == -3024
    assert volume.slices.dtype == "int16"
    assert volume.value_at(volume.stack.positions_lps_mm[0]) is None


def test_other_objects_beside_the_images_are_named_and_skipped(real_data: Path) -> None:
    found = scan(real_data / "a08_highdicom_seg_sr", JobContext())
    why = " ".join(s.why for s in found.skipped)
    assert "is a structured report" in why
    assert "is a segmentation" in why


def test_colour_pages_of_a_study_are_no_series(real_data: Path) -> None:
    found = scan(real_data / "a02_head_phantom_philips/S21610/S4010", JobContext())
    assert [entry.count for entry in found.series] == [2]
    assert sum("colour picture" in s.why for s in found.skipped) == 3
