"""The first 3D picture of a scan: what it waits for, and that what it leaves away is not seen."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import Grid
from viewer.domain.view_state import Camera, as_point
from viewer.scene import opengl_probe
from viewer.scene.dressed_volume import dressed_for
from viewer.scene.opengl_probe import Capabilities, Unavailable3D, probed
from viewer.scene.volume3d import Scene3D
from viewer.scene.volume_scene import VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

SIZE = (160, 140)


@pytest.fixture
def lying(volume_of: Callable[..., Volume]) -> Volume:
    """A body of soft tissue with a bone, far from the middle of much air."""
    grid = Grid.from_directions((110, 90, 50), origin_lps_mm=(-60, 31, 12), spacing_mm=(2.0, 2.0, 3.0))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[4:44, 40:80, 50:100] = 40
    voxels[10:30, 50:60, 60:75] = 900
    return volume_of(voxels, grid)


def scene_of(volume: Volume, **said: object) -> VolumeScene:
    return VolumeScene(volume, Camera(as_point(volume.grid.centre_lps_mm), height_mm=260.0), *SIZE, **said)


def test_air_around_the_body_takes_no_memory_and_is_not_missed(lying: Volume) -> None:
    if isinstance(found := probed(), Unavailable3D):
        pytest.skip(found.sentence)
    bare, whole = (dressed_for(scene_of(lying, table=table), full=False) for table in (False, True))
    assert bare is not None
    assert whole is not None
    assert bare.drawn.voxels.size < 0.5 * whole.drawn.voxels.size
    at_ijk = np.array([(5, 6, 7), (20, 21, 22)])
    shift = np.rint(bare.drawn.grid.ijk(whole.drawn.grid.lps((0, 0, 0)))).astype(int)
    for i, j, k in at_ijk:
        there = tuple(np.array((k, j, i)) - shift[::-1])
        assert bare.drawn.voxels[k, j, i] == whole.drawn.voxels[there]
    scene = Scene3D()
    try:
        pictures = [scene.render_once(scene_of(lying, table=table)) for table in (False, True)]
    finally:
        scene.close()
    seen, wanted = (
        picture.view(np.uint8).reshape(-1, 4)[:, :3].astype(int) for picture in pictures if picture is not None
    )
    assert (wanted > 60).any()
    # On a graphics card rays begin where the voxels do, and meet an edge a fraction of a step sooner or later.
    assert np.abs(seen - wanted).max() <= (2 if found.software else 80)
    assert np.abs(seen - wanted).mean() <= 0.5


def test_opengl_is_tried_once_for_all_who_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []

    def slowly() -> Capabilities:
        tries.append(time.monotonic())
        time.sleep(0.1)
        return Capabilities("a driver", software=True)

    opengl_probe._tried_once.cache_clear()
    monkeypatch.setattr(opengl_probe, "tried", slowly)
    try:
        answers: list[object] = []
        askers = [threading.Thread(target=lambda: answers.append(probed())) for _ in range(3)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
    finally:
        opengl_probe._tried_once.cache_clear()
    assert len(tries) == 1
    assert answers == [Capabilities("a driver", software=True)] * 3


@pytest.mark.parametrize(("asked", "said"), [("paths=('scan',)", "ahead\n"), ("case='lung'", "ahead\n"), ("", "")])
def test_opengl_is_tried_while_the_program_loads_where_pictures_will_be_opened(
    repository: Path, asked: str, said: str
) -> None:
    code = (
        "import sys\n"
        "from viewer import __main__ as way_in\n"
        "from viewer.scene import opengl_probe\n"
        "opengl_probe.probe_ahead = lambda: print('ahead')\n"
        "class NoFurther:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'viewer.app': sys.exit()\n"
        "sys.meta_path.insert(0, NoFurther())\n"
        f"way_in._open_window({asked})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert done.stdout == said


def test_a_scan_is_whole_and_dressed_for_3d_without_what_is_slow_to_load(repository: Path) -> None:
    # SciPy alone takes 0.15 s, VTK as long; who loads VTK holds up the painting of the planes.
    code = (
        "import sys, numpy as np\n"
        "from viewer.analysis.measure import body_bounds\n"
        "from viewer.domain.geometry import Grid, SliceStack\n"
        "from viewer.domain.view_state import Camera\n"
        "from viewer.domain.volume import SeriesFacts, Volume\n"
        "import viewer.services.loading\n"
        "from viewer.scene.dressed_volume import dressed_for\n"
        "from viewer.scene.volume3d import VolumeScene\n"
        "voxels = np.full((30, 60, 60), -1000, np.int16)\n"
        "voxels[:, 10:50, 10:50] = 40\n"
        "voxels[:, 56, 5:55] = 40\n"
        "grid = Grid.from_directions((60, 60, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(2, 2, 5))\n"
        "stack = SliceStack((60, 60), (2.0, 2.0), *np.eye(3)[:2], grid.lps([(0, 0, k) for k in range(30)]))\n"
        "volume = Volume(SeriesFacts('1.2.3'), voxels, stack, voxels, grid)\n"
        "assert body_bounds(volume) is not None\n"
        "for masked in (True, False):\n"
        "    scene = VolumeScene(volume, Camera((0.0, 0.0, 0.0)), 64, 64, masked=masked)\n"
        "    assert dressed_for(scene, full=False) is not None\n"
        "print(*sorted({'scipy', 'vtkmodules'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
