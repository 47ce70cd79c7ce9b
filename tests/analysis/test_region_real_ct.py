"""Regions on a real abdomen, against SimpleITK's reading, geometry and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF

from tests.analysis.test_region import on, outlined, wobbly
from viewer.analysis.region import region_values
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import MeasurementKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

FOLDER = "a13_abdomen_contrast_CRLM-1004"


@pytest.fixture(scope="module")
def by_itk(real_data: Path) -> tuple[sitk.Image, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The series as ITK reads it, and where ITK puts each of its voxels, [k, j, i, xyz]."""
    folder = str(real_data / FOLDER)
    (series,) = sitk.ImageSeriesReader.GetGDCMSeriesIDs(folder)
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder, series))
    places = sitk.PhysicalPointSource(
        sitk.sitkVectorFloat64, image.GetSize(), image.GetOrigin(), image.GetSpacing(), image.GetDirection()
    )
    return image, sitk.GetArrayFromImage(places)


@pytest.mark.parametrize("plane", PlaneName)
@pytest.mark.parametrize("kind", [MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE])
def test_mean_spread_extremes_and_pixels_are_those_of_simpleitk(
    plane: PlaneName,
    kind: MeasurementKind,
    by_itk: tuple[sitk.Image, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    real_volume: Callable[[str], Volume],
) -> None:
    image, places = by_itk
    volume = real_volume(FOLDER)
    axes = PLANE_AXES[plane]
    k, j, i = 20, 230, 180
    centre = np.asarray(image.TransformIndexToPhysicalPoint((i, j, k))) + 0.31 * axes.right + 0.17 * axes.down
    width, height = 43.0, 61.0
    measured = on(plane, kind, centre, width, height)

    away = places - centre
    u, v = away @ axes.right, away @ axes.down
    if kind is MeasurementKind.ELLIPSE:
        inside = (2 * u / width) ** 2 + (2 * v / height) ** 2 <= 1
    else:
        inside = (np.abs(u) <= width / 2) & (np.abs(v) <= height / 2)
    thickness = {PlaneName.AXIAL: 2, PlaneName.CORONAL: 1, PlaneName.SAGITTAL: 0}[plane]
    inside &= np.abs(away @ axes.into) < image.GetSpacing()[thickness] / 2
    label = sitk.GetImageFromArray(inside.astype(np.uint8))
    label.CopyInformation(image)
    statistics = sitk.LabelStatisticsImageFilter()
    statistics.Execute(image, label)

    values = region_values(measured, volume)
    count = statistics.GetCount(1)
    assert values.count == count > 100
    assert values.mean == pytest.approx(statistics.GetMean(1), abs=1e-6)
    # ITK divides by n − 1.
    assert values.sd == pytest.approx(statistics.GetSigma(1) * np.sqrt((count - 1) / count), abs=1e-6)
    assert (values.least, values.most) == (statistics.GetMinimum(1), statistics.GetMaximum(1))
    assert not values.interpolated


@pytest.mark.parametrize("plane", PlaneName)
@pytest.mark.parametrize("crossing", [False, True], ids=["simple", "crossing itself"])
def test_a_freehand_outline_holds_the_pixels_that_qt_finds_in_its_polygon_with_simpleitk_s_statistics(
    plane: PlaneName,
    crossing: bool,
    by_itk: tuple[sitk.Image, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    real_volume: Callable[[str], Volume],
) -> None:
    image, places = by_itk
    volume = real_volume(FOLDER)
    axes = PLANE_AXES[plane]
    centre = np.asarray(image.TransformIndexToPhysicalPoint((180, 230, 20)))
    corners = wobbly(7, crossing=crossing) * 1.7 + 0.213
    measured = outlined(plane, corners, centre)

    away = places - centre
    thickness = {PlaneName.AXIAL: 2, PlaneName.CORONAL: 1, PlaneName.SAGITTAL: 0}[plane]
    marked = np.abs(away @ axes.into) < image.GetSpacing()[thickness] / 2
    polygon = QPolygonF([QPointF(x, y) for x, y in corners.tolist()])
    marked[marked] = [
        polygon.containsPoint(QPointF(x, y), Qt.FillRule.OddEvenFill)
        for x, y in zip((away @ axes.right)[marked].tolist(), (away @ axes.down)[marked].tolist(), strict=True)
    ]
    label = sitk.GetImageFromArray(marked.astype(np.uint8))
    label.CopyInformation(image)
    statistics = sitk.LabelStatisticsImageFilter()
    statistics.Execute(image, label)

    values = region_values(measured, volume)
    count = statistics.GetCount(1)
    assert values.count == count > 100
    assert values.mean == pytest.approx(statistics.GetMean(1), abs=1e-6)
    assert values.sd == pytest.approx(statistics.GetSigma(1) * np.sqrt((count - 1) / count), abs=1e-6)
    assert (values.least, values.most) == (statistics.GetMinimum(1), statistics.GetMaximum(1))
