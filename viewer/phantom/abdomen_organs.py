"""Liver, gallbladder, spleen, stomach, kidneys and pancreas as distances in mm on the lattice, negative inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import FloatArray, chain, ellipsoid, smooth_cut, smooth_union

if TYPE_CHECKING:
    from viewer.phantom.abdomen_shape import AbdomenSize, BodyFields
    from viewer.phantom.fields import Lattice, Point

PORTA: Point = (-32.0, -20.0, 22.0)
CAVAL: Point = (-22.0, -9.0, 84.0)
CONFLUENCE: Point = (-10.0, -28.0, -2.0)


@frozen(eq=False)
class OrganFields:
    """Fields on the lattice, distances in mm, negative inside."""

    liver: FloatArray
    gallbladder: FloatArray
    spleen: FloatArray
    stomach: FloatArray
    stomach_gas: FloatArray
    folds: FloatArray
    kidneys: FloatArray
    sinus: FloatArray
    pelvis: FloatArray
    pyramids: FloatArray
    pancreas: FloatArray
    veins: FloatArray
    arteries: FloatArray


def organ_fields(rng: np.random.Generator, lattice: Lattice, size: AbdomenSize, body: BodyFields) -> OrganFields:
    """Return the organs of one abdomen; neighbours press into each other and never overlap."""
    x0, y0, z0 = lattice.coordinates()
    x = x0 + lattice.noise(rng, 90.0) * np.float32(1.8)
    y = y0 + lattice.noise(rng, 90.0) * np.float32(1.8)
    z = z0 + lattice.noise(rng, 90.0) * np.float32(1.8)
    coarse, fine = body.coarse_noise, lattice.noise(rng, 12.0, 0.4)
    hollow = smooth_cut(body.cavity + 2.4, body.below + 2.0, 5.0)
    sx, sy = size.spine(z0)

    like = np.zeros_like(x)
    veins, arteries = _great(x0 + like, y0 - sy + 26.0 + like, z0 + like)
    kidneys, sinus, pelvis = _kidneys(rng, x, y - sy + 26.0, z)
    stomach = _stomach(rng, x, y, z)
    stomach = smooth_cut(hollow + 1.5, stomach + 1.2 * coarse, 4.0)
    stomach = smooth_cut(stomach, 4.0 - np.minimum(veins, arteries), 5.0)
    column = np.sqrt((x - sx) ** 2 + (y - sy + 3) ** 2) - np.float32(33.0)
    spleen = _spleen(rng, x, y, z)
    spleen = smooth_cut(hollow + 0.6, spleen + 1.2 * coarse, 4.0)
    spleen = np.maximum(spleen, -np.minimum(stomach - 3.0, kidneys - 5.0))
    stomach = np.maximum(stomach, -(spleen - 2.5))

    gallbladder = chain(x, y, z, [(-44.0, -34.0, 8.0), (-52.0, -56.0, -16.0), (-54.0, -66.0, -26.0)], [6.0, 13.0, 11.0])
    liver = _liver(x, y, z, size, hollow, 1.3 * coarse + 0.25 * fine)
    apart = np.minimum.reduce([stomach - 2.5, spleen - 3.0, kidneys - 4.0, column, gallbladder + 2.5])
    liver = smooth_cut(liver, -apart, 3.0)

    pancreas = _pancreas(x, y, z) + np.float32(1.1) * fine + np.float32(0.8) * coarse
    pancreas = np.maximum(pancreas, -np.minimum(veins, arteries) + 1.2)
    return OrganFields(
        liver=liver.astype(np.float32), gallbladder=gallbladder, spleen=spleen.astype(np.float32),
        stomach=stomach.astype(np.float32), stomach_gas=np.maximum(stomach + 4.5, y + 46.0 + 0 * z),
        folds=lattice.noise(rng, 9.0, 0.35), kidneys=kidneys, sinus=sinus, pelvis=pelvis,
        pyramids=lattice.noise(rng, 19.0, 0.25), pancreas=pancreas.astype(np.float32), veins=veins, arteries=arteries,
    )  # fmt: skip


def _liver(
    x: FloatArray, y: FloatArray, z: FloatArray, size: AbdomenSize, hollow: FloatArray, uneven: FloatArray
) -> FloatArray:
    s = size.liver
    right = ellipsoid(x, y, z, (-70.0, -4.0, 28.0), (84.0 * s, 92.0 * s, 104.0))
    left = ellipsoid(x, y, z, (8.0, -56.0, 62.0), (80.0 * s, 40.0, 42.0))
    both = smooth_union(right, left, 14.0)
    under = 0.80 * ((-64.0 / s + 0.56 * (x + 140) - 0.16 * (y + 20)) - z)
    liver = smooth_cut(smooth_cut(both + uneven, under.astype(np.float32), 9.0), hollow, 5.0)
    falciform = ellipsoid(x, y, z, (3.0, -70.0, 26.0), (3.6, 30.0, 34.0))
    porta = chain(x, y, z, [(-6.0, -24.0, 12.0), (-34.0, -20.0, 24.0), (-52.0, -14.0, 30.0)], [11.0, 8.0, 3.0])
    venosum = chain(x, y * 0.5, z, [(14.0, -14.0, 34.0), (-8.0, -5.0, 58.0)], [3.6, 1.6])
    behind = ellipsoid(x, y, z, (40.0, 18.0, 40.0), (46.0, 40.0, 70.0))
    bed = ellipsoid(x, y, z, (-44.0, 46.0, -24.0), (45.0, 48.0, 68.0))
    behind = smooth_union(behind, bed, 6.0)
    cut = np.minimum.reduce([falciform, porta, venosum])
    return smooth_cut(smooth_cut(liver, -cut, 3.0), -behind, 10.0)


def _spleen(rng: np.random.Generator, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    grow = float(rng.uniform(0.92, 1.1))
    outer = ellipsoid(x, y, z, (98.0, 30.0, 50.0), (50.0 * grow, 56.0 * grow, 50.0 * grow))
    inner = ellipsoid(x, y, z, (54.0, -6.0, 44.0), (34.0, 46.0, 56.0))
    return smooth_cut(outer, -inner, 8.0)


def _stomach(rng: np.random.Generator, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    full = float(rng.uniform(0.8, 1.1))
    points: list[Point] = [
        (64.0, 14.0, 72.0),
        (66.0, -14.0, 54.0),
        (64.0, -48.0, 26.0),
        (38.0, -62.0, -4.0),
        (4.0, -56.0, -12.0),
        (-22.0, -44.0, -2.0),
    ]
    return chain(x, y, z, points, [33.0 * full, 31.0 * full, 26.0 * full, 21.0 * full, 15.0, 8.0])


def _kidneys(
    rng: np.random.Generator, x: FloatArray, y: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return both kidneys, the fat of their sinus, and the renal pelvis; y counts from before the spine."""
    kidneys, sinus, pelvis = [], [], []
    for side, height in ((-1.0, -30.0), (1.0, -16.0)):
        height += float(rng.uniform(-6, 6))
        grow = float(rng.uniform(0.94, 1.06))
        u, v, w = side * x - 66.0, y - 12.0, z - height
        u = u + np.float32(0.22) * w
        v = v + np.float32(0.12) * w
        # The hilum looks forwards and to the middle.
        a = np.deg2rad(float(rng.uniform(28, 42)))
        p = u * np.float32(np.cos(a)) - v * np.float32(np.sin(-a))
        q = -u * np.float32(np.sin(a)) + v * np.float32(np.cos(a))
        bean = ellipsoid(p, q, w, (0.0, 0.0, 0.0), (30.0 * grow, 24.0 * grow, 54.0 * grow))
        notch = ellipsoid(p, q, w, (-31.0, 0.0, 0.0), (15.0, 10.0, 18.0))
        kidneys.append(smooth_cut(bean, -notch, 6.0))
        sinus.append(ellipsoid(p, q, w, (-13.0, 0.0, 0.0), (19.0, 8.0, 27.0)))
        pelvis.append(chain(p, q, w, [(-4.0, 0.0, 16.0), (-15.0, 0.0, 0.0), (-4.0, 0.0, -16.0)], [2.6, 4.2, 2.6]))
    return np.minimum(*kidneys), np.minimum(*sinus), np.minimum(*pelvis)


def _pancreas(x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    points: list[Point] = [
        (-34.0, -22.0, -26.0),
        (-30.0, -26.0, -8.0),
        (-6.0, -37.0, 2.0),
        (20.0, -37.0, 10.0),
        (50.0, -30.0, 21.0),
        (76.0, -8.0, 35.0),
    ]
    return chain(x, y, z, points, [13.0, 14.5, 9.0, 10.0, 10.5, 8.0])


def _great(x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the large veins and arteries; y counts from before the spine."""
    veins = np.minimum.reduce([
        chain(
            x * 0.9, y * 1.1, z, [(-18.0, -8.0, 170.0), (-20.0, -9.0, 84.0), (-21.0, -7.0, 20.0)], [12.0, 12.0, 10.0]
        ),
        chain(
            x * 0.85, y * 1.3, z, [(-20.0, -8.0, 20.0), (-19.0, -9.0, -60.0), (-15.0, -9.0, -160.0)], [10.5, 10.0, 9.5]
        ),
        chain(x, y, z, [(-14.0, -34.0, -150.0), (-11.0, -32.0, -50.0), CONFLUENCE, PORTA], [3.5, 5.8, 6.6, 6.8]),
        chain(x, y, z, [PORTA, (-52.0, -14.0, 30.0), (-70.0, -6.0, 30.0)], [6.0, 5.2, 4.0]),
        chain(x, y, z, [PORTA, (-14.0, -34.0, 34.0), (0.0, -44.0, 38.0)], [5.2, 4.4, 3.6]),
        chain(
            x, y, z, [CONFLUENCE, (20.0, -27.0, 8.0), (50.0, -21.0, 22.0), (80.0, 0.0, 38.0)], [5.0, 4.2, 4.0, 3.6]
        ),
        chain(x, y, z, [(-22.0, -6.0, -30.0), (-44.0, 2.0, -30.0)], [5.0, 4.2]),
        chain(x, y, z, [(-18.0, -10.0, -16.0), (8.0, -20.0, -16.0), (46.0, 0.0, -16.0)], [4.6, 3.8, 4.4]),
        chain(x, y, z, [(-22.0, -6.0, 84.0), (-52.0, 6.0, 72.0)], [6.0, 4.6]),
        chain(x, y, z, [(-20.0, -8.0, 84.0), (-30.0, -36.0, 70.0)], [5.2, 4.0]),
        chain(x, y, z, [(-18.0, -10.0, 84.0), (4.0, -34.0, 74.0)], [5.0, 3.8]),
    ])  # fmt: skip
    arteries = np.minimum.reduce([
        chain(x, y, z, [(16.0, 2.0, 170.0), (12.0, -4.0, 60.0), (8.0, -6.0, -160.0)], [10.5, 9.6, 7.6]),
        chain(x, y, z, [(9.0, -6.0, 26.0), (7.0, -22.0, 24.0), (8.0, -28.0, 18.0)], [4.0, 3.8, 3.2]),
        chain(x, y, z, [(7.0, -26.0, 20.0), (44.0, -9.0, 30.0), (80.0, 4.0, 46.0)], [3.0, 2.6, 2.4]),
        chain(x, y, z, [(7.0, -26.0, 20.0), (-20.0, -34.0, 16.0), PORTA], [3.0, 2.6, 2.2]),
        chain(
            x,
            y,
            z,
            [(8.0, -7.0, 12.0), (6.0, -24.0, 4.0), (2.0, -32.0, -40.0), (-2.0, -34.0, -150.0)],
            [4.0, 4.0, 4.0, 3.0],
        ),
        chain(x, y, z, [(4.0, -6.0, -24.0), (-24.0, 4.0, -28.0), (-46.0, 4.0, -30.0)], [3.0, 2.8, 2.6]),
        chain(x, y, z, [(9.0, -6.0, -22.0), (46.0, 4.0, -18.0)], [3.0, 2.6]),
    ])  # fmt: skip
    return veins.astype(np.float32), arteries.astype(np.float32)
