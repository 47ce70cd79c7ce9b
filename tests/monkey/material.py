"""Scans for a monkey to open: real CT where it is there, made to name a patient of our own, and a synthetic one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pydicom

from tests.cli.conftest import PATIENT, PATIENT_ID, write_series

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("canary", "tweety", "90210", "1931", "07.05.", "acc4711")
_BORN, _ACCESSION = "19310507", "ACC4711"
_REAL = (
    "a01_head_ge_tilt_uneven", "a02_head_phantom_philips/S21610/S2010", "a02_head_phantom_philips/S21570/S2010",
    "a03_head_slicer_64", "a05_enhanced_ct_multiframe", "a06_seg_liver_3slice", "a12_edge_series",
    "a13_abdomen_contrast_CRLM-1004", "a18_orientation_phantom", "a16_missing_tags", "a11_rtstruct_phantom",
)  # fmt: skip
_VOLUMES = ("a14_nifti_totalsegmentator", "a15_nifti_misc")


def make_material(folder: Path, real: Path | None) -> list[Path]:
    """Write places to open below a folder, and return them; real scans name our own patient afterwards."""
    places = [
        write_series(folder / "thin", slices=60, description="Thin, Canary"),
        write_series(folder / "tilted", slices=24, number=2, tilt_deg=15.0),
        write_series(folder / "one", slices=1, number=3),
    ]
    for path in sorted(folder.rglob("*.dcm")):
        image = pydicom.dcmread(path)
        # As if it were of a patient: what is synthetic hides no names.
        del image.SyntheticData
        image.PatientBirthDate, image.AccessionNumber = _BORN, _ACCESSION
        image.SeriesDescription = image.SeriesDescription.removeprefix("Synthetic: ")
        image.save_as(path)
    (folder / "empty").mkdir()
    (folder / "words.txt").write_text("no CT")
    places += [folder / "empty", folder / "words.txt"]
    for name in _REAL if real is not None else ():
        assert real is not None
        target = folder / f"Canary Tweety {name.replace('/', ' ')}"
        shutil.copytree(real / name, target)
        for path in sorted(target.rglob("*")):
            if path.is_file():
                path.chmod(0o644)
                _name(path)
        places.append(target)
    for name in _VOLUMES if real is not None else ():
        assert real is not None
        places += [path for path in sorted((real / name).rglob("*.nii*")) if path.is_file()]
    return places


def _name(path: Path) -> None:
    try:
        image = pydicom.dcmread(path)
        image.PatientName, image.PatientID = PATIENT, PATIENT_ID
        image.PatientBirthDate, image.AccessionNumber = _BORN, _ACCESSION
        image.save_as(path)
    except (pydicom.errors.InvalidDicomError, OSError, ValueError):
        # No image, or one that can be read and not written: it goes as it is.
        return
