from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import Grid
from viewer.domain.labels import Mask
from viewer.domain.view_state import Camera, as_point
from viewer.scene.camera import FACING, facing, screen_from_lps
from viewer.scene.clips import Clip
from viewer.scene.volume_scene import FindingSurface, PlanesShown, VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume
    from viewer.scene.volume3d import Scene3D

    Make = Callable[..., Volume]

SIZE = (240, 200)
GRID = Grid.from_directions((60, 56, 50), origin_lps_mm=(-30, -28, 100), spacing_mm=(1.1, 1.2, 1.5))
CENTRE = np.asarray(GRID.centre_lps_mm)
HALF = {
    "front": (0.0, 1.0, 0.0),
    "back": (0.0, -1.0, 0.0),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "head": (0.0, 0.0, -1.0),
    "feet": (0.0, 0.0, 1.0),
}
"""Of each side, into what stays where the half before the middle is cut away."""


def tissue(grid: Grid, hu: float = 60.0, noise_hu: float = 25.0) -> np.ndarray:
    """Return a block of one tissue with the noise of a CT, in air."""
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    noise = np.random.default_rng(5).normal(hu, noise_hu, grid.shape_kji)
    voxels[5:-5, 5:-5, 5:-5] = noise.astype(np.int16)[5:-5, 5:-5, 5:-5]
    return voxels


def scene_of(volume: Volume, side: str, **about: object) -> VolumeScene:
    about = {"preset": "muscle", "masked": False, **about}
    return VolumeScene(volume, facing(Camera(as_point(CENTRE), height_mm=110.0), side), *SIZE, **about)


def seen(scene3d: Scene3D, scene: VolumeScene) -> np.ndarray:
    """Return red, green, blue of a picture."""
    pixels = scene3d.render_once(scene)
    assert pixels is not None
    return np.stack([pixels >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(float)


def around(picture: np.ndarray, scene: VolumeScene, lps_mm: np.ndarray, reach: int = 12) -> np.ndarray:
    x, y = (int(v) for v in screen_from_lps(scene.camera, as_point(lps_mm), *SIZE))
    return picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3)


@pytest.mark.parametrize("side", list(FACING))
def test_a_cut_through_one_tissue_is_even_and_bright(side: str, scene3d: Scene3D, volume_of: Make) -> None:
    scene = scene_of(volume_of(tissue(GRID), GRID), side, clips=(Clip(as_point(CENTRE), HALF[side]),))
    face = around(seen(scene3d, scene), scene, CENTRE)
    assert face[:, 0].min() > 100
    assert face.std(axis=0).max() < 12


def test_the_end_of_a_scan_is_a_face_too(scene3d: Scene3D, volume_of: Make) -> None:
    voxels = tissue(GRID)
    voxels[-5:] = voxels[20:25]
    scene = scene_of(volume_of(voxels, GRID), "head")
    face = around(seen(scene3d, scene), scene, CENTRE)
    assert face[:, 0].min() > 100
    assert face.std(axis=0).max() < 12


@pytest.mark.parametrize("side", list(FACING))
def test_what_lies_on_a_cut_is_seen_at_its_place(side: str, scene3d: Scene3D, volume_of: Make) -> None:
    along = int(np.argmax(np.abs(HALF[side])))
    for signs in product((-1, 1), repeat=2):
        away = np.zeros(3)
        away[[axis for axis in range(3) if axis != along]] = np.array(signs) * (9.0, 14.0)
        i, j, k = np.rint(GRID.ijk(CENTRE + away)).astype(int)
        voxels = tissue(GRID, noise_hu=0.0)
        voxels[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2] = 900
        scene = scene_of(volume_of(voxels, GRID), side, clips=(Clip(as_point(CENTRE), HALF[side]),))
        bone = np.maximum(seen(scene3d, scene)[..., 1] - 110.0, 0.0)
        rows, columns = np.nonzero(bone)
        weight = bone[rows, columns]
        where = (np.average(columns, weights=weight) + 0.5, np.average(rows, weights=weight) + 0.5)
        assert where == pytest.approx(screen_from_lps(scene.camera, as_point(GRID.lps((i, j, k))), *SIZE), abs=1.0)


def test_a_cut_follows_where_it_is_moved_to(scene3d: Scene3D, volume_of: Make) -> None:
    voxels = tissue(GRID)
    voxels[:, 30:] = np.where(voxels[:, 30:] > -500, 400, voxels[:, 30:])
    volume = volume_of(voxels, GRID)
    greens = []
    for j in (20.0, 40.0):
        at = GRID.lps((29.5, j, 24.5))
        scene = scene_of(volume, "front", clips=(Clip(as_point(at), HALF["front"]),))
        greens.append(around(seen(scene3d, scene), scene, CENTRE)[:, 1].mean())
    assert greens[1] > greens[0] + 40


def test_a_face_ends_where_another_cut_begins(scene3d: Scene3D, volume_of: Make) -> None:
    clips = tuple(Clip(as_point(CENTRE), HALF[side]) for side in ("front", "left"))
    scene = scene_of(volume_of(tissue(GRID), GRID), "front", clips=clips)
    picture = seen(scene3d, scene)
    assert around(picture, scene, CENTRE + (14.0, 0.0, 0.0), 6).max() == 0
    assert around(picture, scene, CENTRE - (14.0, 0.0, 0.0), 6)[:, 0].min() > 100


def test_air_in_a_cut_lets_see_what_lies_behind(scene3d: Scene3D, volume_of: Make) -> None:
    voxels = tissue(GRID)
    voxels[18:32, :40, 22:38] = -1000
    scene = scene_of(volume_of(voxels, GRID), "front", clips=(Clip(as_point(CENTRE), HALF["front"]),))
    picture = seen(scene3d, scene)
    hole, face = around(picture, scene, CENTRE, 5), around(picture, scene, CENTRE + (15.0, 0.0, 0.0), 3)
    assert 0 < hole.mean() < 0.8 * face.mean()


def test_a_finding_before_a_cut_hides_it_and_one_behind_it_shines_through(scene3d: Scene3D, volume_of: Make) -> None:
    volume = volume_of(tissue(GRID), GRID)
    cut = (Clip(as_point(CENTRE), HALF["front"]),)
    blues = {}
    for name, j in (("before", 14), ("behind", 42)):
        mask = Mask((27, j - 3, 22), np.ones((6, 6, 6), dtype=bool))
        scene = scene_of(volume, "front", clips=cut, surfaces=(FindingSurface(mask, (0.3, 0.7, 1.0)),))
        place = GRID.lps((29.5, float(j), 24.5))
        blues[name] = around(seen(scene3d, scene), scene, place, 2)
    bare = scene_of(volume, "front", clips=cut)
    without = around(seen(scene3d, bare), bare, CENTRE, 2)
    assert blues["before"][:, 2].min() > blues["before"][:, 0].max() + 60
    assert without[:, 2].max() + 20 < blues["behind"][:, 2].min() < blues["before"][:, 2].min() - 40


def test_the_picture_of_a_plane_stands_before_the_face_of_its_cut(scene3d: Scene3D, volume_of: Make) -> None:
    volume = volume_of(tissue(GRID, noise_hu=0.0), GRID)
    scene = scene_of(volume, "front", clips=(Clip(as_point(CENTRE), HALF["front"]),))
    planes = PlanesShown(as_point(CENTRE), 40.0, 400.0, invert=False, colours=((1.0, 0.0, 0.0),) * 3)
    off = CENTRE + (14.0, 0.0, 14.0)
    face = around(seen(scene3d, scene), scene, off, 4)
    shown = around(seen(scene3d, evolve(scene, planes=planes)), scene, off, 4)
    assert (face[:, 0] - face[:, 2]).min() > 50
    assert np.ptp(shown, axis=1).max() == 0


def test_a_look_by_the_brightest_value_has_no_faces(scene3d: Scene3D, volume_of: Make) -> None:
    voxels = tissue(GRID)
    voxels[24:27, 40:44, 28:31] = 900
    volume = volume_of(voxels, GRID)
    cut = scene_of(volume, "front", preset="mip", clips=(Clip(as_point(CENTRE), HALF["front"]),))
    assert np.array_equal(
        around(seen(scene3d, cut), cut, CENTRE, 1), around(seen(scene3d, evolve(cut, clips=())), cut, CENTRE, 1)
    )


def test_in_a_tilted_grid_faces_lie_where_the_scan_ends(scene3d: Scene3D, volume_of: Make) -> None:
    rotation, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))
    grid = Grid.from_directions((40, 40, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0), directions=rotation)
    volume = volume_of(np.full(grid.shape_kji, 60, dtype=np.int16), grid)
    camera = Camera(grid.centre_lps_mm, tuple(-rotation[:, 0]), tuple(rotation[:, 1]), height_mm=80.0)
    scene = VolumeScene(volume, camera, *SIZE, preset="muscle", masked=False, table=True)
    lit = seen(scene3d, scene)[..., 0] > 60
    rows, columns = np.nonzero(lit)
    assert (np.ptp(rows), np.ptp(columns)) == pytest.approx((39 * 200 / 80, 39 * 200 / 80), abs=3.0)
    assert lit[rows.min() + 2 : rows.max() - 1, columns.min() + 2 : columns.max() - 1].all()
