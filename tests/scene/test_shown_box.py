"""Rays are cast only where a preset shows anything, and pictures are the same as if they were cast everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import Grid
from viewer.domain.view_state import Camera, as_point
from viewer.scene import volume_window
from viewer.scene.opengl_probe import Unavailable3D, probed
from viewer.scene.presets_3d import PRESETS_3D
from viewer.scene.shown_box import shown_box
from viewer.scene.volume3d import Scene3D
from viewer.scene.volume_scene import VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume


def test_the_box_holds_all_that_a_preset_shows_and_one_voxel_more() -> None:
    voxels = np.full((20, 30, 40), -1000, dtype=np.int16)
    voxels[4:9, 10:12, 30:39] = 900
    voxels[2, 2, 2] = 40
    assert shown_box(voxels, PRESETS_3D["bone"]) == ((29, 39), (9, 12), (3, 9))
    assert shown_box(np.full((5, 5, 5), -1000, dtype=np.int16), PRESETS_3D["bone"]) is None


@pytest.mark.parametrize("preset", ["bone", "lung", "soft"])
def test_a_picture_is_the_same_with_and_without_the_box(
    volume_of: Callable[..., Volume], preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = probed()
    if isinstance(found, Unavailable3D):
        pytest.skip(f"{found.sentence} {found.detail}")
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    grid = Grid.from_directions(
        (50, 60, 40), origin_lps_mm=(5, -9, 30), spacing_mm=(1.2, 1.0, 2.0), directions=rotation
    )
    k, j, i = np.indices(grid.shape_kji)
    ball = (i - 20) ** 2 + (j - 33) ** 2 + 4 * (k - 18) ** 2
    voxels = np.where(ball < 250, 40, -1000).astype(np.int16)
    voxels[ball < 60] = 700
    voxels[(ball > 80) & (ball < 130)] = -700
    scene = VolumeScene(volume_of(voxels, grid), Camera(as_point(grid.centre_lps_mm), height_mm=90.0), 160, 140, preset)
    pictures = []
    for box in (shown_box, lambda _voxels, _preset: None):
        monkeypatch.setattr(volume_window, "shown_box", box)
        drawing = Scene3D()
        pictures.append(drawing.render_once(scene))
        drawing.close()
    inside, everywhere = (picture.view(np.uint8).astype(int) for picture in pictures if picture is not None)
    assert everywhere.max() > 60
    assert np.abs(inside - everywhere).mean() < 0.5
    assert np.percentile(np.abs(inside - everywhere), 99.5) <= 12
