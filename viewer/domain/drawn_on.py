"""Which image a measurement was drawn on, and whether that is among those that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

if TYPE_CHECKING:
    from viewer.domain.measurement import Measurement
    from viewer.domain.volume import Volume


@frozen
class InSight:
    """What is open of a series: the name of its part, "" where it is the only one, and its images.

    A part that is opened without the others has no name of its own, but its images have.
    """

    part: str = ""
    images: frozenset[str] = frozenset()

    def holds(self, measurement: Measurement) -> bool:
        """Return whether a measurement was drawn here; one that names no image goes by the part."""
        return measurement.image in self.images if measurement.image else measurement.part == self.part


def in_sight(volume: Volume | None) -> InSight:
    """Return what is open of a series."""
    return InSight() if volume is None else InSight(volume.part, volume.image_set)


def on_its_image(measurement: Measurement, volume: Volume | None) -> Measurement:
    """Return a new measurement with the image that it was drawn on.

    Across the slices that is the nearest to its centre, of a volume that is not from DICOM none.
    """
    if volume is None or not volume.images:
        return measurement
    height = float(volume.stack.normal @ np.asarray(measurement.centre_lps_mm))
    return evolve(measurement, image=volume.images[int(np.abs(volume.stack.heights_mm - height).argmin())])
