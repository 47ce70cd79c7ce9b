"""Which image a measurement was drawn on, or a mark set, and whether that is among those that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from viewer.domain.finding import Finding
from viewer.domain.measurement import Measurement

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

Drawn = TypeVar("Drawn", Finding, Measurement)


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

    def holds_mark(self, mark: Finding) -> bool:
        """Return whether a mark was set here; of one that names no image that is not known, and it is everywhere."""
        return not mark.image or mark.image in self.images


def in_sight(volume: Volume | None) -> InSight:
    """Return what is open of a series."""
    return InSight() if volume is None else InSight(volume.part, volume.image_set)


def on_its_image(drawn: Drawn, volume: Volume | None) -> Drawn:
    """Return a new measurement or mark with the image that it was drawn on.

    Across the slices that is the nearest to its centre, of a volume that is not from DICOM none.
    """
    if volume is None or not volume.images:
        return drawn
    return evolve(drawn, image=volume.images[volume.stack.nearest_slice(drawn.centre_lps_mm)])
