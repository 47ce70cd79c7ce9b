"""Grey values held against pydicom's windowing, on real and on made images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_rescale, apply_windowing
from pydicom.uid import ExplicitVRLittleEndian

from viewer.scene.window_table import grey_of, window_table

if TYPE_CHECKING:
    from pathlib import Path


def made(centre: float, width: float, function: str | None) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsStored, image.BitsAllocated, image.PixelRepresentation = 16, 16, 1
    image.RescaleSlope, image.RescaleIntercept = 1, 0
    image.WindowCenter, image.WindowWidth = centre, width
    if function is not None:
        image.VOILUTFunction = function
    return image


def as_grey(windowed: np.ndarray, image: Dataset) -> np.ndarray:
    stored = (0, 2**image.BitsStored - 1)
    if image.PixelRepresentation:
        stored = (-(2 ** (image.BitsStored - 1)), 2 ** (image.BitsStored - 1) - 1)
    low, high = (value * float(image.RescaleSlope) + float(image.RescaleIntercept) for value in stored)
    return (windowed - low) / (high - low) * 255


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (-600, 1500), (35.5, 80), (480, 2500), (100, 2)])
def test_every_function_gives_the_grey_that_pydicom_gives(function: str | None, centre: float, width: float) -> None:
    values = np.arange(-3000, 4000, dtype=np.int16)
    image = made(centre, width, function)
    with np.errstate(over="ignore"):
        expected = as_grey(apply_windowing(values, image), image)
    assert grey_of(values, centre=centre, width=width, function=function or "LINEAR") == pytest.approx(
        expected, abs=1e-3
    )
    shown = window_table(centre, width, function or "LINEAR").of(values) & 255
    assert np.abs(shown.astype(np.float64) - expected).max() <= 0.501


def test_a_real_image_is_as_grey_as_pydicom_makes_it_in_each_window_that_it_names(real_data: Path) -> None:
    files = sorted((real_data / "a13_abdomen_contrast_CRLM-1004").glob("*.dcm"))
    image = pydicom.dcmread(files[len(files) // 2])
    values = apply_rescale(image.pixel_array, image)
    centres, widths = (np.atleast_1d(image[key].value).astype(float) for key in ("WindowCenter", "WindowWidth"))
    for n, (centre, width) in enumerate(zip(centres, widths, strict=True)):
        expected = as_grey(apply_windowing(values, image, index=n), image)
        shown = window_table(centre, width, image.get("VOILUTFunction", "LINEAR")).of(values.astype(np.int16)) & 255
        assert np.abs(shown.astype(np.float64) - expected).max() <= 0.501
