"""What measuring gave: the values within a region, and a measurement together with them."""

from __future__ import annotations

from attrs import frozen

from viewer.domain.measurement import Measurement


@frozen
class RegionValues:
    """What is measured within a region.

    Attributes
    ----------
    mean, sd, least, most
        Of the values within, in the volume's unit; `sd` is that of the values themselves (divided by n). None where
        there are none.
    count
        How many voxels count: those whose centre lies within, padding left out. Of an interpolated plane, how many
        samples as far apart as the original pixels.
    interpolated
        True where the plane shows no voxels of their own but what lies between them.
    """

    mean: float | None
    sd: float | None
    least: float | None
    most: float | None
    count: int
    interpolated: bool


@frozen
class Measured:
    """A measurement and, for a region, the values within it; `values` is None for everything else."""

    measurement: Measurement
    values: RegionValues | None = None
