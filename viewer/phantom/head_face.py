"""Everything of the head around the brain: vault, skull base, face, neck and scalp, as distances in mm."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from viewer.phantom.fields import FloatArray, chain, ellipsoid, rounded_box, smooth_cut, smooth_union
from viewer.phantom.head_shape import HeadFields, HeadSize, cavity, petrous, sphenoid

if TYPE_CHECKING:
    from viewer.phantom.fields import Lattice

    Coordinates = tuple[FloatArray, FloatArray, FloatArray]


class _Air(NamedTuple):
    """Distances to what holds air: all of it together, and the rooms whose walls are bone."""

    all: FloatArray
    antrum: FloatArray
    frontal: FloatArray
    ethmoid: FloatArray
    nose: FloatArray
    turbinate: FloatArray


def head_fields(rng: np.random.Generator, lattice: Lattice, size: HeadSize, at: Coordinates) -> HeadFields:
    """Return all fields of bone, air and soft tissue around the brain; `at` are coordinates in the head's frame."""
    x, y, z = at
    ax = np.abs(x)
    bend = lattice.noise(rng, 38.0, 0.5)
    # The floor is uneven, the vault is smooth.
    inner = cavity(x, y, z, size)
    inner = inner + np.float32(0.7) * lattice.noise(rng, 26.0) * np.clip((-18 - z) / 16, 0, 1) * (inner < 8)
    fine = lattice.noise(rng, 7.0, 0.3)
    outer: FloatArray = inner - _thickness(rng, lattice, size, at)

    orbit = chain(ax, y, z, [(17.0, -34.0, -34.0), (31.0, -66.0, -36.0), (33.0, -84.0, -37.0)], [4.0, 17.5, 19.5])
    orbit = smooth_cut(orbit, np.float32(2.2) - inner, 2.0)
    air = _air(rng, at, ax, fine, bend, orbit)
    mastoid = smooth_cut(
        ellipsoid(ax, y, z, (56.0, 35.0, -52.0), (12.5, 17.0, 22.0)) + bend, ax - np.float32(68.0), 4.0
    )
    base = _bones(ax, y, z, mastoid, bend)
    outer = smooth_union(outer, mastoid, 8.0)
    shells = np.minimum.reduce([air.antrum - 1.3, air.ethmoid - 1.2, air.frontal - 2.2, air.nose - 1.2])
    shells = np.maximum(shells, -np.minimum.reduce([air.antrum, air.ethmoid, air.nose]) - np.float32(0.4))
    shells = np.minimum(shells, air.turbinate + np.float32(1.6))
    in_front = np.float32(-80.0) + np.float32(0.10) * ax
    orbit_shell = smooth_cut(orbit - 1.7, in_front - y, 1.0)
    base = smooth_union(base, np.minimum(shells, orbit_shell), 1.2)
    base = np.maximum(smooth_cut(base, -orbit, 1.0), -inner)

    temple = _temple(at, ax)
    skin = _skin(rng, lattice, size, at, ax, outer - temple, air.frontal, mastoid)
    ear = ellipsoid(ax * np.float32(0.95) - y * np.float32(0.30), y, z, (66.0, 28.0, -38.0), (3.4, 15.0, 28.0))
    ear = np.maximum(ear, np.float32(1.6) - np.abs(ear + np.float32(2.2)) + np.float32(0.5) * bend)
    cells, sheets = _walls(rng, lattice, 9.0), _walls(rng, lattice, 30.0)
    x0, y0, _ = lattice.coordinates()
    return HeadFields(
        cavity=inner,
        outer_bone=outer,
        base_bone=base,
        air=air.all,
        orbit=orbit,
        globe=ellipsoid(ax, y, z, (32.0, -76.0, -37.0), (12.0, 12.0, 12.0)),
        lens=ellipsoid(ax, y, z, (32.0, -85.0, -37.0), (4.6, 2.0, 4.6)),
        eye_muscle=_eye_muscles(ax, y, z),
        mastoid=mastoid + np.float32(1.8),
        skin=skin,
        muscle=_muscles(rng, lattice, at, ax, skin, outer - temple + 1.2),
        ear=ear,
        marrow=fine,
        fat_noise=lattice.noise(rng, 11.0),
        rest=(108.0 - (x0 * x0) / np.float32(330.0) - y0 + np.zeros(lattice.shape, np.float32)).astype(np.float32),
        septum=(x + np.float32(1.6) * bend).astype(np.float32),
        cells=cells,
        sheets=sheets,
        cellular=np.minimum(air.ethmoid, _petrous_apex(ax, y, z)),
        mucosa=np.minimum(air.antrum, air.nose),
        suture=_suture(at, bend, fine),
    )


def _thickness(rng: np.random.Generator, lattice: Lattice, size: HeadSize, at: Coordinates) -> FloatArray:
    """Return how thick the vault is, in mm: thin at the temples, thick at brow and occiput, ridges inside."""
    x, y, z = at
    ax = np.abs(x)
    temporal = np.exp(-(((y + 8) / 30) ** 2)) * np.exp(-(((z + 8) / 26) ** 2)) * np.clip((ax - 35) / 20, 0, 1)
    occiput = np.exp(-((x / 16) ** 2)) * np.exp(-(((z + 14) / 18) ** 2)) * np.clip(y / 60, 0, 1)
    brow = np.exp(-(((z + 12) / 14) ** 2)) * np.clip(-(y + 50) / 25, 0, 1)
    crest = np.exp(-((x / 7) ** 2)) * np.clip(-(y + 60) / 15, 0, 1) * np.clip((40 - z) / 40, 0, 1)
    parietal = np.exp(-(((ax - 48) / 16) ** 2)) * np.exp(-(((z - 52) / 20) ** 2)) * np.clip((y + 10) / 40, 0, 1)
    uneven = 0.17 * lattice.noise(rng, 55.0) + 0.04 * lattice.noise(rng, 24.0)
    thick = size.skull_mm * (1 + uneven) - 2.9 * temporal + 4.5 * occiput + 4.0 * brow + 2.5 * crest + 1.6 * parietal
    thick = thick * np.clip((z + 62) / 40, 0.45, 1.0) * (1 - 0.40 * np.clip(-(y + 20) / 30, 0, 1) * (z < -22))
    out: FloatArray = np.maximum(thick, 1.8).astype(np.float32)
    return out


def _air(
    rng: np.random.Generator, at: Coordinates, ax: FloatArray, fine: FloatArray, bend: FloatArray, orbit: FloatArray
) -> _Air:
    """Return the sinuses, the nose with its turbinates, the pharynx and the ear canals."""
    x, y, z = at
    # The maxillary sinus is a pyramid: medial wall, front wall, back wall running in to the nose, orbital floor.
    walls = [
        np.float32(15.5) - ax + np.float32(0.8) * bend,
        0.45 * (ax - 30) - 0.89 * (y + 80),
        0.72 * (ax - 38) + 0.69 * (y + 58),
        z + 57 + 0.12 * (ax - 30) - 0.15 * (y + 66),
        -90 - z + 0.25 * (ax - 16),
    ]
    antrum = walls[0]
    for wall in walls[1:]:
        antrum = smooth_cut(antrum, wall.astype(np.float32), 5.0)
    antrum = np.maximum(antrum + fine * np.float32(0.5), np.float32(2.0) - orbit)
    wide = 10.0 + 4.0 * float(rng.random())
    frontal = ellipsoid(x, y, z, (9.0, -84.0, -12.0), (wide, 5.0, 12.0))
    frontal = np.minimum(frontal, ellipsoid(x, y, z, (-10.0, -84.0, -13.0), (24.0 - wide, 4.5, 10.0)))
    frontal = frontal + fine * np.float32(1.2)
    sphenoid_air = np.maximum(ax - 12.5 - 2.0 * bend, np.maximum(np.abs(y + 19) - 9.5, np.abs(z + 43) - 8.0 - bend))
    sphenoid_air = smooth_cut(sphenoid_air, sphenoid_air - 0.5, 4.0) + np.float32(0.9) * fine
    ethmoid = np.maximum(
        ax - (7.5 + 0.10 * (y + 84)) - 0.6 * bend, np.maximum(np.abs(y + 58) - 25.0, np.abs(z + 38) - 10.0)
    )
    nose = np.maximum(
        ax - (7.0 + 0.18 * np.clip(-48 - z, 0, 40)), np.maximum(np.abs(y + 62) - 27.0, np.abs(z + 67) - 18)
    )
    nose = smooth_cut(nose, nose - 1.0, 2.0)
    lower = chain(ax, y, z, [(10.0, -86.0, -78.0), (9.5, -46.0, -77.0)], [3.4, 3.6])
    middle = chain(ax, y, z, [(7.0, -78.0, -63.0), (6.5, -44.0, -62.0)], [2.2, 2.6])
    turbinate = np.minimum(lower, middle) + np.float32(0.7) * fine
    pharynx = ellipsoid(ax, y, z, (0.0, -24.0, -76.0), (12.0, 9.0, 18.0)) + np.float32(1.4) * bend
    ear_canal = chain(ax, y, z, [(47.0, 16.0, -43.0), (95.0, 17.0, -44.0)], [3.2, 3.0])
    open_nose = smooth_cut(nose, -turbinate, 0.8)
    together = np.minimum.reduce(
        [antrum, frontal, np.maximum(sphenoid_air, 0.9 - np.abs(x - 2.0 - bend)), open_nose, pharynx, ear_canal]
    )
    return _Air(together, antrum, frontal, ethmoid.astype(np.float32), nose.astype(np.float32), turbinate)


def _bones(ax: FloatArray, y: FloatArray, z: FloatArray, mastoid: FloatArray, bend: FloatArray) -> FloatArray:
    """Return the bones of base, face and neck except the walls of sinuses and orbits."""
    condyle = chain(ax, y, z, [(15.0, 14.0, -63.0), (21.0, 28.0, -66.0)], [6.0, 6.0])
    jugular = chain(ax, y, z, [(12.0, 12.0, -54.0), (44.0, 34.0, -52.0)], [5.0, 6.0])
    atlas = chain(
        ax,
        y,
        z,
        [(0.0, 6.0, -83.0), (16.0, 12.0, -82.0), (22.0, 22.0, -81.0), (38.0, 24.0, -82.0)],
        [3.5, 6.0, 7.5, 3.5],
    )
    arch = chain(ax, y, z, [(22.0, 26.0, -82.0), (19.0, 40.0, -83.0), (0.0, 52.0, -83.0)], [4.0, 3.2, 3.5])
    dens = chain(ax, y, z, [(0.0, 16.0, -74.0), (0.0, 17.0, -100.0)], [4.6, 5.5])
    head = ellipsoid(ax, y, z, (51.0, 2.0, -51.0), (9.5, 4.8, 4.5))
    ramus = ellipsoid(ax, y, z, (51.0, -6.0, -82.0), (3.6, 14.0, 34.0)) + np.float32(0.6) * bend
    coronoid = chain(ax, y, z, [(48.0, -22.0, -58.0), (50.0, -18.0, -84.0)], [1.8, 3.4])
    plates = [
        chain(ax, y, z, [(13.0, -33.0, -52.0), (12.0, -30.0, -88.0)], [2.0, 1.8]),
        chain(ax, y, z, [(16.0, -33.0, -52.0), (24.0, -25.0, -86.0)], [2.2, 1.6]),
    ]
    wing = chain(ax, y, z, [(44.0, -40.0, -40.0), (52.0, -50.0, -32.0), (50.0, -66.0, -28.0)], [3.2, 2.6, 3.2])
    zygoma = chain(
        ax,
        y,
        z,
        [(38.0, -82.0, -62.0), (50.0, -74.0, -57.0), (61.0, -58.0, -54.0), (66.0, -34.0, -52.0), (66.0, -8.0, -49.0)],
        [4.0, 5.5, 3.6, 2.4, 3.4],
    )
    rim = chain(ax, y, z, [(51.0, -70.0, -52.0), (51.0, -70.0, -22.0), (30.0, -82.0, -17.0)], [3.4, 3.4, 4.2])
    lower_rim = chain(ax, y, z, [(50.0, -72.0, -53.0), (32.0, -84.0, -57.0), (17.0, -86.0, -50.0)], [3.2, 2.6, 2.4])
    nasal_bone = chain(ax, y, z, [(3.0, -91.0, -20.0), (4.0, -106.0, -42.0)], [3.4, 1.6])
    maxilla = chain(ax, y, z, [(12.0, -88.0, -46.0), (14.0, -86.0, -80.0)], [1.8, 3.0])
    palate = ellipsoid(ax, y, z, (0.0, -66.0, -89.0), (26.0, 30.0, 4.5))
    dense = np.minimum.reduce([petrous(ax, y, z), jugular]) + np.float32(1.0) * bend
    out: FloatArray = np.minimum.reduce(
        [dense, mastoid, sphenoid(ax, y, z), condyle, atlas, arch, dens, head, ramus, coronoid, *plates, wing]
        + [zygoma, rim, lower_rim, nasal_bone, maxilla, palate]
    )  # fmt: skip
    return out


def _petrous_apex(ax: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Return the distance to the cells of the temporal bone: antrum, middle ear and the cells around them."""
    return chain(ax, y, z, [(40.0, 22.0, -43.0), (56.0, 32.0, -44.0)], [3.5, 6.5])


def _skin(
    rng: np.random.Generator,
    lattice: Lattice,
    size: HeadSize,
    at: Coordinates,
    ax: FloatArray,
    outer: FloatArray,
    frontal: FloatArray,
    mastoid: FloatArray,
) -> FloatArray:
    """Return the surface of the head: scalp over the vault, nose, cheeks, lids, neck."""
    x, y, z = at
    skin = outer - np.float32(size.scalp_mm) * (1 + np.float32(0.15) * lattice.noise(rng, 60.0))
    skin = smooth_union(skin, np.minimum(frontal - 8.0, mastoid - 7.0), 10.0)
    side = rounded_box(ax, y - 6, z + 52, (70.0, 82.0, 60.0), 2.3)
    face = rounded_box(ax, y + 46, z + 66, (62.0, 49.0, 60.0), 2.4)
    nose = chain(ax, y, z, [(0.0, -90.0, -24.0), (0.0, -106.0, -58.0), (5.0, -102.0, -66.0)], [7.0, 8.5, 10.0])
    neck = ellipsoid(ax, y, z, (0.0, 28.0, -118.0), (62.0, 68.0, 98.0))
    lower = smooth_union(smooth_union(face, side, 14.0), neck, 16.0)
    skin = smooth_union(smooth_union(skin, lower, 12.0), nose, 9.0)
    brow = chain(ax, y, z, [(52.0, -72.0, -46.0), (50.0, -72.0, -22.0), (26.0, -84.0, -17.0)], [8.0, 8.0, 7.0])
    skin = smooth_union(skin, brow, 8.0)
    cheek = ellipsoid(ax, y, z, (42.0, -70.0, -66.0), (24.0, 20.0, 22.0)) + np.float32(1.2) * lattice.noise(rng, 30.0)
    skin = smooth_union(skin, cheek, 8.0)
    lids = ellipsoid(ax, y, z, (33.0, -78.0, -37.0), (20.0, 13.5, 18.0))
    return smooth_union(skin, lids, 5.0)


def _temple(at: Coordinates, ax: FloatArray) -> FloatArray:
    """Return how thick the temporal muscle lies on the skull, in mm."""
    _, y, z = at
    bulge = np.exp(-(((y + 24) / 24) ** 2) - ((z + 12) / 28) ** 2) * np.clip((ax - 35) / 15, 0, 1)
    return (np.float32(6.5) * bulge).astype(np.float32)


def _muscles(
    rng: np.random.Generator,
    lattice: Lattice,
    at: Coordinates,
    ax: FloatArray,
    skin: FloatArray,
    temporalis: FloatArray,
) -> FloatArray:
    """Return the muscles of jaw, face and neck, of which the deep ones are one mass."""
    _, y, z = at
    tendon = chain(ax, y, z, [(62.0, -30.0, -34.0), (52.0, -24.0, -62.0)], [8.0, 6.0])
    lateral = chain(ax, y, z, [(20.0, -32.0, -62.0), (48.0, -2.0, -56.0)], [9.0, 4.5])
    medial = chain(ax, y, z, [(18.0, -30.0, -66.0), (44.0, -6.0, -94.0)], [6.0, 8.0])
    nuchal = ellipsoid(ax, y, z, (19.0, 62.0, -88.0), (20.0, 17.0, 40.0))
    trapezius = ellipsoid(ax, y, z, (17.0, 82.0, -92.0), (20.0, 6.0, 46.0))
    sterno = chain(ax, y, z, [(58.0, 42.0, -66.0), (50.0, 34.0, -110.0)], [7.0, 11.0])
    splenius = chain(ax, y, z, [(50.0, 52.0, -58.0), (40.0, 66.0, -90.0)], [6.0, 8.0])
    deep = ellipsoid(ax, y, z, (12.0, 0.0, -86.0), (14.0, 9.0, 24.0))
    oblique = ellipsoid(ax, y, z, (34.0, 38.0, -84.0), (16.0, 14.0, 22.0))
    carotid = chain(ax, y, z, [(30.0, 4.0, -52.0), (32.0, 8.0, -100.0)], [5.0, 6.5])
    parotid = ellipsoid(ax, y, z, (62.0, 8.0, -76.0), (8.0, 16.0, 24.0))
    masseter = chain(ax, y, z, [(61.0, -34.0, -56.0), (58.0, -14.0, -100.0)], [6.0, 8.0])
    constrictor = np.abs(ellipsoid(ax, y, z, (0.0, -22.0, -76.0), (15.0, 12.0, 21.0)) + np.float32(1.5)) - np.float32(
        2.6
    )
    mimic = np.maximum(np.abs(skin + np.float32(8.0)) - np.float32(1.9), np.maximum(y + 40.0, z + 30.0))
    bulk = np.maximum.reduce([skin + 9.0, z + 56.0 - 0.10 * y, -34.0 - y, ax - 47.0])
    parts = [
        bulk,
        tendon,
        lateral,
        medial,
        nuchal,
        trapezius,
        sterno,
        splenius,
        deep,
        oblique,
        carotid,
        parotid,
        masseter,
    ]
    fibre = np.float32(0.9) * lattice.noise(rng, 11.0)
    muscle = np.minimum.reduce(parts) + fibre
    muscle = np.minimum.reduce([muscle, constrictor, mimic + fibre, temporalis])
    out: FloatArray = np.maximum(muscle, skin + 3.5)
    return out


def _eye_muscles(ax: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Return the straight muscles of the eye and the optic nerve."""
    apex = (18.5, -38.0, -34.5)
    ends = [(43.0, -74.0, -37.0), (21.0, -74.0, -37.0), (32.0, -74.0, -27.0), (32.0, -74.0, -47.0)]
    lines = [
        chain(ax, y, z, [apex, (0.4 * apex[0] + 0.6 * e[0], -57.0, 0.4 * apex[2] + 0.6 * e[2]), e], [1.4, 2.4, 1.5])
        for e in ends
    ]
    nerve = chain(ax, y, z, [apex, (26.0, -54.0, -35.0), (31.0, -65.0, -37.0)], [1.9, 2.1, 2.3])
    out: FloatArray = np.minimum.reduce([*lines, nerve])
    return out


def _suture(at: Coordinates, bend: FloatArray, fine: FloatArray) -> FloatArray:
    """Return the signed distance to the coronal and lambdoid sutures, whichever is nearer."""
    _, y, z = at
    wiggle = np.float32(1.2) * fine + np.float32(1.5) * bend
    coronal = y + 22.0 + 0.30 * (z - 40.0)
    lambdoid = 0.8 * (y - 58.0) + 0.6 * (z - 34.0) + 0.25 * np.abs(at[0])
    return (np.where(np.abs(coronal) < np.abs(lambdoid), coronal, lambdoid) + wiggle).astype(np.float32)


def _walls(rng: np.random.Generator, lattice: Lattice, wavelength_mm: float) -> FloatArray:
    """Return the signed distance in mm to curved sheets that part the space into cells."""
    noise = lattice.noise(rng, wavelength_mm, 0.3)
    steep = lattice.gradient_length(noise) + np.float32(0.5 / wavelength_mm)
    return np.clip(noise / steep, -8, 8).astype(np.float32)
