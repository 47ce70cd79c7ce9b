"""What was opened over a series: the labels of a segmentation, and a map of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from viewer.domain.label_palette import LineStyle, label_colour, label_line, seen_on_black
from viewer.domain.labels import Mask
from viewer.domain.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


PROBABILITY = "probability"
UNKNOWN_UNIT = "unit unknown"


@frozen
class LabelFacts:
    """What is measured of a label on the original slices; values in the volume's unit, None where all is padding.

    `volume_ml` is None on a single slice, which has no thickness.
    """

    volume_ml: float | None
    mean: float | None = None
    sd: float | None = None
    least: float | None = None
    most: float | None = None


@frozen(eq=False)
class Label:
    """One structure of a segmentation, as a mask on the original slices of the series that it lies over.

    `key` is unique among what is drawn and the same whenever the file is opened again; `number` counts from 0 and
    gives colour and line style. `facts` is None where lengths and volumes mean nothing. `file_colour` is what the file
    recommends, "#RRGGBB" or "", and `in_file_colour` says that it is followed.
    """

    key: str
    name: str
    number: int
    mask: Mask
    facts: LabelFacts | None = None
    file_colour: str = ""
    in_file_colour: bool = False

    @property
    def colour(self) -> str:
        """Its colour "#RRGGBB" unless the user chose another."""
        if self.in_file_colour and self.file_colour:
            return seen_on_black(self.file_colour)
        return label_colour(self.number)

    @property
    def line(self) -> LineStyle:
        """How its line is broken."""
        return label_line(self.number)


@frozen(eq=False)
class Segmentation:
    """The labels of a file, in its order. Its name is not kept: it may be a patient's."""

    labels: tuple[Label, ...]

    @property
    def has_file_colours(self) -> bool:
        """True where the file recommends colours."""
        return any(label.file_colour for label in self.labels)

    def in_file_colours(self, followed: bool) -> Segmentation:
        """Return it in the colours that the file recommends, or in those that are told apart best."""
        if all(label.in_file_colour is followed for label in self.labels):
            return self
        return Segmentation(tuple(evolve(label, in_file_colour=followed) for label in self.labels))


@frozen(eq=False)
class ValueMap:
    """Values on a grid of their own in the patient, drawn in colours over the images.

    Attributes
    ----------
    volume
        The values, their grid and unit.
    unit
        As it is written beside numbers: "probability", what the file says, or `UNKNOWN_UNIT`.
    low, high
        The values at both ends of the colour bar.
    diverging
        True where values on both sides of 0 count.
    scale
        What voxels of `volume` are multiplied by to be values of the map.
    made_by
        The model that it comes from; "" for a file.
    """

    volume: Volume
    unit: str
    low: float
    high: float
    diverging: bool = False
    scale: float = 1.0
    made_by: str = ""

    @property
    def usual_least(self) -> float:
        """The value below which nothing is drawn unless the user says otherwise: a tenth of the range."""
        return (self.high if self.diverging else self.high - self.low) * 0.1 + (0.0 if self.diverging else self.low)

    def value_at(self, lps_mm: ArrayLike) -> float | None:
        """Return the value at a place, linear between voxel centres as it is drawn; None where the map has none.

        Padding takes no part; where it is nearest there is no value.
        """
        grid, voxels, padding = self.volume.grid, self.volume.voxels, self.volume.padding
        place = grid.ijk(lps_mm)
        size = np.asarray(grid.size_ijk)
        if np.any(place < -0.5) or np.any(place >= size - 0.5):
            return None
        place = np.clip(place, 0, size - 1)
        i, j, k = (int(v) for v in np.floor(place + 0.5))
        if padding is not None and voxels[k, j, i] == padding:
            return None
        low = np.minimum(place.astype(int), np.maximum(size - 2, 0))
        share = place - low
        total = whole = 0.0
        for corner in np.ndindex(2, 2, 2):
            weight = float(np.prod(np.where(corner, share, 1 - share)))
            if weight > 0:
                i, j, k = (int(v) for v in low + corner)
                if padding is None or voxels[k, j, i] != padding:
                    total += weight * float(voxels[k, j, i])
                    whole += weight
        if not np.isfinite(total):
            return None
        return total / whole * self.scale


@frozen(eq=False)
class Overlays:
    """What lies over the open series besides findings."""

    segmentation: Segmentation | None = None
    value_map: ValueMap | None = None

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of the segmentation; none where there is none."""
        return self.segmentation.labels if self.segmentation is not None else ()
