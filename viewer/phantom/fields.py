"""Smooth scalar fields on a coarse lattice, and their evaluation on any finer grid.

Anatomy is described by distances in mm (negative inside) on a lattice of about 2 mm. Surfaces are cut only after the
fields were interpolated to the grid of the picture, so a thin case and a quick coarse one show the same anatomy.
All coordinates are LPS mm: x to the left, y to the back, z to the head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.ndimage import map_coordinates
from scipy.sparse import csr_matrix

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
FieldAt: TypeAlias = Callable[[FloatArray], FloatArray]
Point: TypeAlias = tuple[float, float, float]


@frozen
class OutputGrid:
    """The grid of the picture: origin and spacing in LPS mm ordered (i, j, k), shape ordered (k, j, i)."""

    origin_lps_mm: Point
    spacing_mm: Point
    shape: tuple[int, int, int]

    def axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the coordinates x, y, z in mm of the voxel centres along i, j, k."""
        nk, nj, ni = self.shape
        return (
            (self.origin_lps_mm[0] + self.spacing_mm[0] * np.arange(ni)).astype(np.float32),
            (self.origin_lps_mm[1] + self.spacing_mm[1] * np.arange(nj)).astype(np.float32),
            (self.origin_lps_mm[2] + self.spacing_mm[2] * np.arange(nk)).astype(np.float32),
        )


@frozen
class Lattice:
    """A coarse grid over a box: first point in LPS mm, one step in mm for all axes, shape ordered (k, j, i)."""

    first_lps_mm: Point
    step_mm: float
    shape: tuple[int, int, int]

    @classmethod
    def over(cls, low: Point, high: Point, step_mm: float) -> Lattice:
        """Return the lattice that covers the box from `low` to `high` (x, y, z in mm)."""
        sizes = [int(np.ceil((b - a) / step_mm)) + 1 for a, b in zip(low, high, strict=True)]
        return cls(low, step_mm, (sizes[2], sizes[1], sizes[0]))

    def coordinates(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return x, y, z in mm, shaped to broadcast to `shape`."""
        nk, nj, ni = self.shape
        x0, y0, z0 = self.first_lps_mm
        x = (x0 + self.step_mm * np.arange(ni)).astype(np.float32)[None, None, :]
        y = (y0 + self.step_mm * np.arange(nj)).astype(np.float32)[None, :, None]
        z = (z0 + self.step_mm * np.arange(nk)).astype(np.float32)[:, None, None]
        return x, y, z

    def noise(self, rng: np.random.Generator, wavelength_mm: float, octave: float = 0.35) -> FloatArray:
        """Return periodic band-passed Gaussian noise with standard deviation 1.

        `octave` is the width of the band relative to its centre frequency 1 / wavelength.
        """
        white = rng.standard_normal(self.shape, dtype=np.float32)
        frequency = [np.fft.fftfreq(n, self.step_mm) for n in self.shape[:2]]
        last = np.fft.rfftfreq(self.shape[2], self.step_mm)
        radius = np.sqrt(frequency[0][:, None, None] ** 2 + frequency[1][None, :, None] ** 2 + last[None, None, :] ** 2)
        centre = 1.0 / wavelength_mm
        band = np.exp(-0.5 * ((radius - centre) / (octave * centre)) ** 2)
        band[0, 0, 0] = 0.0
        noise = np.fft.irfftn(np.fft.rfftn(white) * band, self.shape, axes=(0, 1, 2)).astype(np.float32)
        return noise / np.float32(noise.std() + 1e-9)

    def sample(self, values: FloatArray, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Return a periodic field of this lattice at other points, linearly interpolated."""
        at = [
            (c - np.float32(c0)) / np.float32(self.step_mm)
            for c, c0 in zip((z, y, x), self.first_lps_mm[::-1], strict=True)
        ]
        out: FloatArray = map_coordinates(
            values, np.stack(np.broadcast_arrays(*at)), order=1, mode="grid-wrap", output=np.float32
        )
        return out

    def gradient_length(self, values: FloatArray) -> FloatArray:
        """Return the length of the gradient, per mm."""
        total = np.zeros(values.shape, np.float32)
        for part in np.gradient(values, np.float32(self.step_mm)):
            total += part**2
        return np.sqrt(total)


class Interpolator:
    """Uniform cubic B-splines from a lattice onto the slabs of an output grid.

    The lattice values are used as spline coefficients without a prefilter: straight surfaces are kept exactly and
    creases are rounded, which is what tissue looks like.
    """

    def __init__(self, lattice: Lattice, grid: OutputGrid) -> None:
        xs, ys, zs = grid.axes()
        x0, y0, z0 = lattice.first_lps_mm
        nk, nj, ni = lattice.shape
        self._across = _spline_matrix((xs - x0) / lattice.step_mm, ni)
        self._down = _spline_matrix((ys - y0) / lattice.step_mm, nj)
        self._along = _spline_matrix((zs - z0) / lattice.step_mm, nk)

    def slab(self, values: FloatArray, first: int, last: int) -> FloatArray:
        """Return the field on output slices `first` … `last` − 1, indexed `[k, j, i]`."""
        weights = self._along[first:last]
        nk, nj, ni = values.shape
        thin = (weights @ values.reshape(nk, nj * ni)).reshape(-1, nj, ni)
        out = np.empty((last - first, self._down.shape[0], self._across.shape[0]), np.float32)
        for k, plane in enumerate(thin):
            out[k] = self._down @ np.ascontiguousarray((self._across @ np.ascontiguousarray(plane.T)).T)
        return out


def _spline_matrix(at: FloatArray, count: int) -> csr_matrix:
    """Return the sparse (points × count) matrix of cubic B-spline weights; outside, the edge value continues."""
    at = np.clip(at, 0.0, count - 1.0).astype(np.float32)
    base = np.minimum(np.floor(at).astype(int), count - 2)
    t = at - base
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    rows = np.tile(np.arange(len(at)), 4)
    columns = np.concatenate([np.clip(base + offset, 0, count - 1) for offset in (-1, 0, 1, 2)])
    return csr_matrix((np.concatenate(weights).astype(np.float32), (rows, columns)), shape=(len(at), count))


def ellipsoid(x: FloatArray, y: FloatArray, z: FloatArray, centre: Point, radii: Point) -> FloatArray:
    """Return the approximate distance in mm to an axis-parallel ellipsoid (exact at the surface to first order)."""
    ax, ay, az = ((c - np.float32(m)) / np.float32(r) for c, m, r in zip((x, y, z), centre, radii, strict=True))
    k0 = np.sqrt(ax**2 + ay**2 + az**2)
    k1 = np.sqrt((ax / np.float32(radii[0])) ** 2 + (ay / np.float32(radii[1])) ** 2 + (az / np.float32(radii[2])) ** 2)
    out: FloatArray = k0 * (k0 - 1) / (k1 + np.float32(1e-6))
    return np.maximum(out, np.float32(-min(radii)))


def chain(x: FloatArray, y: FloatArray, z: FloatArray, points: list[Point], radii: list[float]) -> FloatArray:
    """Return the distance in mm to a chain of cones with round joints through `points`."""
    best: FloatArray | None = None
    pairs = zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    for a, b, ra, rb in pairs:
        axis = np.subtract(b, a).astype(np.float32)
        length2 = float(axis @ axis) + 1e-6
        px, py, pz = x - np.float32(a[0]), y - np.float32(a[1]), z - np.float32(a[2])
        t = np.clip((px * axis[0] + py * axis[1] + pz * axis[2]) / np.float32(length2), 0.0, 1.0)
        distance = np.sqrt((px - t * axis[0]) ** 2 + (py - t * axis[1]) ** 2 + (pz - t * axis[2]) ** 2)
        distance -= np.float32(ra) + t * np.float32(rb - ra)
        best = distance if best is None else np.minimum(best, distance)
    if best is None:
        raise ValueError("A chain needs two points.")
    return best


def rounded_box(x: FloatArray, y: FloatArray, z: FloatArray, radii: Point, power: float) -> FloatArray:
    """Return the distance along the ray from the origin to a superellipsoid (2 is an ellipsoid, more is squarer)."""
    at = (np.abs(c) / np.float32(r) for c, r in zip((x, y, z), radii, strict=True))
    total = sum(a ** np.float32(power) for a in at) + np.float32(1e-6)
    out: FloatArray = np.sqrt(x**2 + y**2 + z**2) * (1 - total ** np.float32(-1.0 / power))
    return np.maximum(out, np.float32(-min(radii)))


def smooth_union(a: FloatArray, b: FloatArray, radius_mm: float) -> FloatArray:
    """Return the distance to both shapes together, joined by a fillet of about `radius_mm`."""
    h = np.clip(0.5 + 0.5 * (b - a) / np.float32(radius_mm), 0.0, 1.0)
    out: FloatArray = b + (a - b) * h - np.float32(radius_mm) * h * (1 - h)
    return out


def smooth_cut(a: FloatArray, b: FloatArray, radius_mm: float) -> FloatArray:
    """Return the distance to what lies in both shapes, with rounded edges."""
    return -smooth_union(-a, -b, radius_mm)
