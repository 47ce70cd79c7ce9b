"""A reader's measurements as measurement groups of a DICOM SR (PS3.16 TID 1410 and 1501), each with where it was drawn.

What lies on one original slice, in its plane, refers to that image by its pixels (SCOORD); everything else is given in
the patient's millimetres (SCOORD3D).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.domain.identifiers import uid_from
from viewer.domain.measurement import MeasurementKind
from viewer.domain.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from viewer.domain.measured import Measured, RegionValues
    from viewer.domain.measurement import Measurement

_ON_A_SLICE_MM = 0.01
_PARALLEL = 1 - 1e-6


@frozen(eq=False)
class _Place:
    """Where a measurement lies: on the original slice `k`, or in the frame of reference alone where `k` is None."""

    volume: Volume
    frame_of_reference_uid: str
    k: int | None

    def graphic(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return points as graphic data: columns and rows of the image, (0, 0) at its upper left corner, or LPS mm."""
        points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
        return points if self.k is None else pixels_of(self.volume, self.k, points) + 0.5

    def image(self) -> Any:
        """Return the reference to the image."""
        from highdicom import sr

        assert self.k is not None
        frames = self.volume.source_frames
        return sr.SourceImageForRegion(
            self.volume.source_class_uid, self.volume.source_uids[self.k], [frames[self.k]] if frames else None
        )

    def line(self, points_lps_mm: ArrayLike) -> list[Any]:
        """Return the line that a value was measured along."""
        from highdicom import sr

        if self.k is None:
            return [
                sr.CoordinatesForMeasurement3D(
                    sr.GraphicTypeValues3D.POLYLINE, self.graphic(points_lps_mm), self.frame_of_reference_uid
                )
            ]
        kind = sr.GraphicTypeValues.POLYLINE
        return [sr.CoordinatesForMeasurement(kind, self.graphic(points_lps_mm), self.image())]

    def region(self, flat: str, solid: str, points_lps_mm: ArrayLike) -> Any:
        """Return a region, whose kind is called otherwise on an image (`flat`) and in the patient (`solid`)."""
        from highdicom import sr

        if self.k is None:
            return sr.ImageRegion3D(solid, self.graphic(points_lps_mm), self.frame_of_reference_uid)
        return sr.ImageRegion(flat, self.graphic(points_lps_mm), self.image())


def pixels_of(volume: Volume, k: int, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return column and row of points on a slice, shape (n, 2), whole numbers at the centres of pixels."""
    stack = volume.stack
    offset = points_lps_mm - stack.positions_lps_mm[k]
    di, dj = stack.pixel_spacing_mm
    return np.stack([offset @ stack.row_direction / di, offset @ stack.column_direction / dj], axis=1)


def slice_of(measurement: Measurement, volume: Volume) -> int | None:
    """Return the original slice that all of a measurement lies on, in its plane; None where there is none."""
    stack = volume.stack
    points = np.concatenate(measurement.lines_lps_mm())
    k = stack.nearest_slice(points[0])
    if measurement.kind.is_region and float(abs(measurement.normal @ stack.normal)) < _PARALLEL:
        return None
    if float(np.abs(points @ stack.normal - stack.heights_mm[k]).max()) > _ON_A_SLICE_MM:
        return None
    pixels = pixels_of(volume, k, points)
    inside = (pixels >= -0.5) & (pixels <= np.asarray(stack.size_ij) - 0.5)
    return k if bool(inside.all()) else None


def measured_groups(measured: Sequence[Measured], volume: Volume, frame_of_reference_uid: str) -> list[Any]:
    """Return the measurement groups, in the order given."""
    return [
        _group(one, volume, _Place(volume, frame_of_reference_uid, slice_of(one.measurement, volume)))
        for one in measured
    ]


def tracking_uid(measurement: Measurement) -> str:
    """Return the UID under which a measurement is found again: its own id."""
    return measurement.id if measurement.id.replace(".", "").isdigit() else uid_from(f"measurement {measurement.id}")


def _group(one: Measured, volume: Volume, place: _Place) -> Any:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    measurement = one.measurement
    tracking = sr.TrackingIdentifier(uid=tracking_uid(measurement), identifier=measurement.id)
    if measurement.kind.is_region:
        group: Any = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_region=_region(measurement, place),
            measurements=_region_numbers(measurement, one.values, volume),
        )
    elif measurement.kind.bears_words:
        group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking, referenced_region=place.region("POINT", "POINT", measurement.points_lps_mm[0])
        )
    else:
        group = sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking, measurements=_lines(measurement, place)
        )
    texts = [(codes.LABEL, measurement.kind.words)]
    if measurement.text:
        texts.append((codes.COMMENT, measurement.text))
    elif one.values is not None and one.values.interpolated:
        texts.append((codes.COMMENT, "Values are interpolated between voxels."))
    for name, text in texts:
        item = sr.TextContentItem(name, text, relationship_type=sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group


def _lines(measurement: Measurement, place: _Place) -> list[Any]:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    points = measurement.points_lps_mm
    if measurement.kind is MeasurementKind.LENGTH:
        values = [(codes.LENGTH, measurement.length_mm, codes.MILLIMETRES, points)]
    elif measurement.kind is MeasurementKind.TWO_AXES:
        axes = sorted(
            ((measurement.length_mm, points[:2]), (measurement.second_length_mm, points[2:])),
            key=lambda axis: axis[0],
            reverse=True,
        )
        values = [
            (name, length, codes.MILLIMETRES, ends)
            for name, (length, ends) in zip((codes.LONG_AXIS, codes.SHORT_AXIS), axes, strict=True)
        ]
    else:
        name = codes.COBB if measurement.kind is MeasurementKind.COBB else codes.ANGLE
        values = [(name, measurement.angle_deg, codes.DEGREES, points)]
    return [
        sr.Measurement(name, value, unit, referenced_coordinates=place.line(along))
        for name, value, unit, along in values
    ]


def _region(measurement: Measurement, place: _Place) -> Any:
    if measurement.kind is not MeasurementKind.ELLIPSE:
        (line,) = measurement.lines_lps_mm()
        return place.region("POLYLINE", "POLYGON", line)
    right, bottom, left, top = measurement.handles_lps_mm()
    width, height = measurement.size_mm
    # PS3.3 C.18.6.1.2: both ends of the major axis, then of the minor.
    ends = (left, right, top, bottom) if width >= height else (top, bottom, left, right)
    return place.region("ELLIPSE", "ELLIPSE", ends)


def _region_numbers(measurement: Measurement, values: RegionValues | None, volume: Volume) -> list[Any]:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    found = [sr.Measurement(codes.AREA, measurement.area_mm2, codes.SQUARE_MILLIMETRES)]
    if values is None or values.mean is None or not volume.is_hu:
        return found
    for derivation, value in (
        (codes.MEAN, values.mean),
        (codes.DEVIATION, values.sd),
        (codes.MINIMUM, values.least),
        (codes.MAXIMUM, values.most),
    ):
        if value is not None:
            found.append(sr.Measurement(codes.ATTENUATION, value, codes.HOUNSFIELD, derivation=derivation))
    if not values.interpolated:
        found.append(sr.Measurement(codes.PIXELS, values.count, codes.NO_UNITS))
    return found
