from __future__ import annotations

import sys
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from scipy.ndimage import uniform_filter

from viewer.domain.geometry import Grid
from viewer.domain.labels import Mask
from viewer.domain.view_state import Camera, as_point
from viewer.scene import opengl_probe, volume3d
from viewer.scene.camera import FACING, facing, screen_from_lps
from viewer.scene.clips import Clip
from viewer.scene.opengl_probe import Capabilities, Unavailable3D, probed
from viewer.scene.presets_3d import PRESETS_3D
from viewer.scene.quality import Quality
from viewer.scene.volume3d import Scene3D
from viewer.scene.volume_scene import FindingSurface, Picture3D, VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

    Make = Callable[..., Volume]
    Arrays = Callable[..., np.ndarray]

SIZE = (240, 200)
BLUE = (0.3, 0.7, 1.0)


@pytest.fixture(scope="module", autouse=True)
def _opengl() -> None:
    found = probed()
    if isinstance(found, Unavailable3D):
        pytest.skip(f"{found.sentence} {found.detail}")


def lit_centre(pixels: np.ndarray) -> tuple[float, float]:
    weight = (pixels >> 8 & 255).astype(float)
    rows, columns = np.nonzero(weight > 40)
    assert len(rows), "nothing was drawn"
    weight = weight[rows, columns]
    return (float(np.average(columns, weights=weight)) + 0.5, float(np.average(rows, weights=weight)) + 0.5)


def grids(signed_axes: Arrays) -> list[Grid]:
    rotation, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))
    turns = (np.eye(3), signed_axes((2, 0, 1), (1, -1, 1)), signed_axes((0, 1, 2), (1, 1, -1)), rotation, -rotation)
    return [
        Grid.from_directions((50, 44, 40), origin_lps_mm=(-60, 31, 12), spacing_mm=(1.1, 1.3, 1.7), directions=turn)
        for turn in turns
    ]


def test_a_marked_voxel_is_seen_at_its_place_from_all_sides_however_the_voxels_lie(
    scene3d: Scene3D, volume_of: Make, signed_axes: Arrays
) -> None:
    for grid in grids(signed_axes):
        voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
        voxels[24:27, 29:32, 11:14] = 1500
        volume = volume_of(voxels, grid)
        mark = grid.lps((12, 30, 25))
        camera = Camera(as_point(grid.centre_lps_mm + 2.0), height_mm=110.0)
        for side in FACING:
            aimed = facing(camera, side)
            pixels = scene3d.render_once(VolumeScene(volume, aimed, *SIZE))
            assert pixels is not None
            assert lit_centre(pixels) == pytest.approx(screen_from_lps(aimed, mark, *SIZE), abs=1.0), side


def test_half_resolution_does_not_move_anything(scene3d: Scene3D, volume_of: Make) -> None:
    grid = Grid.from_directions((120, 120, 30), origin_lps_mm=(-40, 31, 12), spacing_mm=(0.7, 0.7, 2.0))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[10:14, 80:90, 20:32] = 1500
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=110.0)
    pixels = scene3d.render_once(VolumeScene(volume_of(voxels, grid), camera, *SIZE))
    assert pixels is not None
    assert lit_centre(pixels) == pytest.approx(screen_from_lps(camera, grid.lps((25.5, 84.5, 11.5)), *SIZE), abs=1.0)


def test_a_findings_surface_lies_on_its_voxels_and_shines_through_bone(
    scene3d: Scene3D, volume_of: Make, signed_axes: Arrays
) -> None:
    for grid in grids(signed_axes):
        box = np.zeros(grid.shape_kji, dtype=bool)
        box[18:24, 25:31, 10:16] = True
        mask = Mask.from_full(box)
        assert mask is not None
        empty = volume_of(np.full(grid.shape_kji, -1000, dtype=np.int16), grid)
        camera = Camera(as_point(grid.centre_lps_mm), height_mm=110.0)
        scene = VolumeScene(empty, camera, *SIZE, surfaces=(FindingSurface(mask, BLUE),))
        alone = scene3d.render_once(scene)
        assert alone is not None
        assert lit_centre(alone) == pytest.approx(screen_from_lps(camera, grid.lps((12.5, 27.5, 20.5)), *SIZE), abs=1.0)
    shell = np.full(grid.shape_kji, 1500, dtype=np.int16)
    shell[box] = 0
    hidden = VolumeScene(volume_of(shell, grid), camera, *SIZE, surfaces=(FindingSurface(mask, BLUE, selected=True),))
    through = scene3d.render_once(hidden)
    assert through is not None
    x, y = (int(v) for v in screen_from_lps(camera, grid.lps((12.5, 27.5, 20.5)), *SIZE))
    red, blue = int(through[y, x] >> 16 & 255), int(through[y, x] & 255)
    assert blue > red + 40


def test_the_surface_of_a_tilted_stack_lies_where_its_slices_lie(volume_of: Make) -> None:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

    from viewer.domain.geometry import SliceStack
    from viewer.scene.surfaces import finding_surface

    positions = [(0.0, 0.4 * k, 2.0 * k + (3.0 if k > 5 else 0.0)) for k in range(12)]
    stack = SliceStack((40, 40), (1.0, 1.0), (1, 0, 0), (0, 1, 0), positions)
    voxels = np.ones((4, 8, 8), dtype=bool)
    surface = finding_surface(Mask((10, 12, 5), voxels), stack)
    assert isinstance(surface, vtkPolyData)
    low, high = np.array(surface.GetBounds()).reshape(3, 2).T
    assert low == pytest.approx([9.5, 11.5 + 0.4 * 4.5, 9.0], abs=1.0)
    assert high == pytest.approx([17.5, 19.5 + 0.4 * 8.5, 20.0], abs=1.0)


def test_a_large_label_is_drawn_of_fewer_voxels_within_one_of_them(volume_of: Make) -> None:
    from viewer.domain.geometry import SliceStack
    from viewer.scene.surfaces import finding_surface, label_surface

    stack = SliceStack((256, 256), (0.5, 0.5), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 1.5 * k) for k in range(80)])
    mask = Mask((20, 30, 5), np.ones((60, 200, 180), dtype=bool))
    whole, fewer = finding_surface(mask, stack), label_surface(mask, stack)
    assert fewer.GetNumberOfPoints() < whole.GetNumberOfPoints() / 3
    assert fewer.GetBounds() == pytest.approx(whole.GetBounds(), abs=1.5)


def test_labels_stand_in_3d_but_on_no_head_whose_identity_is_hidden(scene3d: Scene3D, volume_of: Make) -> None:
    grid = Grid.from_directions((90, 90, 40), origin_lps_mm=(-180, -180, 0), spacing_mm=(4.0, 4.0, 4.0))
    voxels = np.zeros(grid.shape_kji, dtype=bool)
    voxels[18:24, 40:50, 40:50] = True
    mask = Mask.from_full(voxels)
    assert mask is not None
    body = np.full(grid.shape_kji, -1000, dtype=np.int16)
    body[:, 2:-2, 2:-2] = 40
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=300.0)
    label = FindingSurface(mask, BLUE, label=True)
    for part, masked, there in (("ABDOMEN", True, True), ("HEAD", True, False), ("HEAD", False, True)):
        volume = volume_of(body, grid)
        volume = evolve(volume, series=evolve(volume.series, body_part=part, synthetic=False))
        picture = scene3d.picture_once(VolumeScene(volume, camera, *SIZE, surfaces=(label,), masked=masked))
        assert picture is not None
        assert bool((picture.pixels & 0xFF > 40).any()) is there, (part, masked)
        assert ("labels hidden with identity" in picture.drawn) is not there


@pytest.mark.parametrize("preset", sorted(PRESETS_3D))
def test_every_preset_draws_something_on_black(preset: str, scene3d: Scene3D, volume_of: Make) -> None:
    grid = Grid.from_directions((30, 30, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[2:28, 2:28, 2:28] = 30
    voxels[7:23, 7:23, 7:23] = -600
    voxels[10:20, 10:20, 10:20] = 600
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=90.0)
    pixels = scene3d.render_once(VolumeScene(volume_of(voxels, grid), camera, 100, 100, preset, masked=False))
    assert pixels is not None
    assert pixels[0, 0] == 0xFF000000
    assert (pixels[50, 50] & 0xFF) > 30
    assert pixels.flags.c_contiguous
    assert pixels.dtype == np.uint32


def test_only_the_latest_request_counts(volume_of: Make, noise: Arrays) -> None:
    grid = Grid.from_directions((64, 64, 64), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    volume = volume_of(noise(grid.size_ijk), grid)
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=150.0)
    pictures: list[Picture3D] = []
    arrived = threading.Event()
    last = [0]

    def take(picture: Picture3D) -> None:
        pictures.append(picture)
        if picture.generation == last[0]:
            arrived.set()

    scene = Scene3D(take)
    try:
        for _ in range(30):
            last[0] = scene.request(VolumeScene(volume, camera, 200, 200), Quality.MOVING)
        last[0] = scene.request(VolumeScene(volume, camera, 200, 200), Quality.STILL)
        assert arrived.wait(60)
    finally:
        scene.close()
    assert len(pictures) <= 3
    assert pictures[-1].generation == last[0]
    assert pictures[-1].quality is Quality.STILL


@pytest.fixture
def drawn_slowly(volume_of: Make, noise: Arrays) -> tuple[Volume, Camera]:
    """A volume of which a large picture takes long, and a camera that sees it."""
    found = probed()
    if isinstance(found, Capabilities) and not found.software:
        pytest.skip("a graphics card draws in one piece, and is done before anything newer comes")
    grid = Grid.from_directions((90, 90, 90), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    return volume_of(noise(grid.size_ijk), grid), Camera(as_point(grid.centre_lps_mm), height_mm=150.0)


def test_a_still_is_given_up_for_something_newer(drawn_slowly: tuple[Volume, Camera]) -> None:
    volume, camera = drawn_slowly
    pictures: list[Picture3D] = []
    arrived = threading.Event()

    def take(picture: Picture3D) -> None:
        pictures.append(picture)
        arrived.set()

    scene = Scene3D(take)
    try:
        scene.request(VolumeScene(volume, camera, 64, 64), Quality.MOVING)
        assert arrived.wait(60)
        arrived.clear()
        # So large that it cannot be finished in the time before the next request.
        given_up = scene.request(VolumeScene(volume, camera, 3000, 3000), Quality.STILL)
        time.sleep(0.2)
        wanted = scene.request(VolumeScene(volume, camera, 64, 64), Quality.MOVING)
        assert arrived.wait(60)
    finally:
        scene.close()
    assert [p.generation for p in pictures[1:]] == [wanted]
    assert given_up < wanted


def test_the_finest_picture_lets_the_presenters_next_one_go_first_and_comes_after_it(
    drawn_slowly: tuple[Volume, Camera],
) -> None:
    volume, camera = drawn_slowly
    came: list[Quality] = []
    first, last = threading.Event(), threading.Event()

    def take(picture: Picture3D) -> None:
        came.append(picture.quality)
        (last if picture.quality is Quality.FINEST else first).set()

    scene = Scene3D(take)
    try:
        scene.request(VolumeScene(volume, camera, 64, 64), Quality.MOVING)
        assert first.wait(60)
        scene.request(VolumeScene(volume, camera, 3000, 3000), Quality.FINEST)
        time.sleep(0.2)
        assert not last.is_set(), "it takes much longer"
        scene.draw_aside(VolumeScene(volume, camera, 64, 64), lambda made: came.append(made and made.quality))
        assert last.wait(60)
    finally:
        scene.close()
    assert came == [Quality.MOVING, Quality.MOVING, Quality.FINEST]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
def test_windows_come_and_go_without_leaving_threads_or_memory(volume_of: Make, noise: Arrays) -> None:
    from pathlib import Path

    grid = Grid.from_directions((48, 48, 48), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    volume = volume_of(noise(grid.size_ijk), grid)
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=120.0)
    mask = Mask((10, 10, 10), np.ones((8, 8, 8), dtype=bool))

    def come_and_go() -> None:
        scene = Scene3D()
        assert (
            scene.render_once(VolumeScene(volume, camera, 64, 64, surfaces=(FindingSurface(mask, BLUE),))) is not None
        )
        scene.close()

    def megabytes() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    for _ in range(10):
        come_and_go()
    threads = set(threading.enumerate())
    grown: list[float] = []
    # Windows that are not ended cost 3 to 12 MB each, every time; Mesa itself takes some 80 MB once in a while.
    while not grown or (grown[-1] > 40 and len(grown) < 4):
        before = megabytes()
        for _ in range(20):
            come_and_go()
        grown.append(megabytes() - before)
    assert set(threading.enumerate()) == threads
    assert min(grown) < 40, grown


def test_a_driver_that_ends_the_process_or_hangs_turns_3d_off_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for script, words in (
        ("import os; os.abort()", "cannot draw"),
        ("print('started', flush=True); import time; time.sleep(60)", "did not answer"),
        ('print(\'started\'); print(\'{"renderer": "x", "drawn": "wrong colour"}\')', "wrong pictures"),
    ):
        child = tmp_path / "child.py"
        child.write_text(script)
        monkeypatch.setattr(opengl_probe, "child_command", lambda child=child: [sys.executable, str(child)])
        monkeypatch.setattr(opengl_probe, "LONGEST_S", 0.3)
        found = opengl_probe.tried()
        assert isinstance(found, Unavailable3D)
        assert words in found.sentence


def test_without_opengl_requests_do_nothing_and_the_reason_is_told_once(
    monkeypatch: pytest.MonkeyPatch, volume_of: Make, noise: Arrays
) -> None:
    import viewer.scene.volume3d as volume3d

    why = Unavailable3D("3D is off: the graphics driver cannot draw it.")
    monkeypatch.setattr(volume3d, "probed", lambda: why)
    grid = Grid.from_directions((8, 8, 8), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    asked = VolumeScene(volume_of(noise(grid.size_ijk), grid), Camera((0.0, 0.0, 0.0)), 64, 64)
    told: list[Unavailable3D] = []
    scene = Scene3D(on_unavailable=told.append)
    assert scene.render_once(asked) is None
    scene.request(asked)
    assert scene.render_once(asked) is None
    assert scene.unavailable is why
    scene.close()
    assert told == [why]


def test_a_driver_that_is_only_slow_is_told_of_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, volume_of: Make, noise: Arrays
) -> None:
    import viewer.scene.volume3d as volume3d

    there, answers = probed(), threading.Event()
    if isinstance(there, Unavailable3D):
        pytest.skip(there.sentence)

    def waited_for() -> object:
        answers.wait(10.0)
        return there

    why = Unavailable3D("3D is off: the graphics driver did not answer within 5 seconds.", slow=True)
    monkeypatch.setattr(volume3d, "probed", lambda: why)
    monkeypatch.setattr(volume3d, "waited_for", waited_for)
    grid = Grid.from_directions((8, 8, 8), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    asked = VolumeScene(volume_of(noise(grid.size_ijk), grid), Camera((0.0, 0.0, 0.0)), 64, 64)
    told, drawn = threading.Event(), threading.Event()
    scene = Scene3D(on_picture=lambda _picture: drawn.set(), on_unavailable=lambda _why: told.set())
    scene.request(asked)
    assert told.wait(5.0)
    assert scene.unavailable is None
    assert not drawn.is_set()
    answers.set()
    assert drawn.wait(20.0)
    scene.close()


def test_drawing_ends_at_once_though_its_driver_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, volume_of: Make, noise: Arrays
) -> None:
    import viewer.scene.volume3d as volume3d

    told, answers = threading.Event(), threading.Event()
    why = Unavailable3D("3D is off: the graphics driver did not answer within 5 seconds.", slow=True)
    monkeypatch.setattr(volume3d, "probed", lambda: why)
    monkeypatch.setattr(volume3d, "waited_for", lambda: answers.wait(60.0) and why)
    grid = Grid.from_directions((8, 8, 8), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    scene = Scene3D(on_unavailable=lambda _why: told.set())
    scene.request(VolumeScene(volume_of(noise(grid.size_ijk), grid), Camera((0.0, 0.0, 0.0)), 64, 64))
    assert told.wait(5.0)
    began = time.monotonic()
    scene.close()
    assert time.monotonic() - began < 30.0
    answers.set()


def test_a_driver_is_waited_for_only_where_it_was_slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        'print(\'started\', flush=True); import time; time.sleep(0.6)\nprint(\'{"renderer": "x", "drawn": "yes"}\')'
    )
    monkeypatch.setattr(opengl_probe, "child_command", lambda: [sys.executable, str(child)])
    monkeypatch.setattr(opengl_probe, "LONGEST_S", 0.1)
    first = opengl_probe.tried()
    assert isinstance(first, Unavailable3D)
    assert first.slow
    assert opengl_probe.tried(10.0) == opengl_probe.Capabilities("x", software=False)
    monkeypatch.setattr(opengl_probe, "child_command", lambda: [sys.executable, "-c", "raise SystemExit"])
    broken = opengl_probe.tried()
    assert isinstance(broken, Unavailable3D)
    assert not broken.slow


def test_a_large_view_turns_in_a_smaller_picture_of_the_same_shape_and_rests_in_all_its_pixels(
    volume_of: Make,
) -> None:
    from viewer.scene.volume_window import VolumeWindow

    opengl_probe.choose_window_kind()
    grid = Grid.from_directions((50, 44, 40), origin_lps_mm=(-60, 31, 12), spacing_mm=(1.1, 1.3, 1.7))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[24:27, 29:32, 11:14] = 1500
    camera = facing(Camera(as_point(grid.centre_lps_mm + 2.0), height_mm=110.0), "left")
    scene = VolumeScene(volume_of(voxels, grid), camera, 3000, 1501)
    window = VolumeWindow(software=True, stop=lambda: False)
    try:
        moving, still = (window.draw(scene, quality) for quality in (Quality.MOVING, Quality.STILL))
    finally:
        window.close()
    assert moving is not None
    assert still is not None
    assert still.shape == (1501, 3000)
    assert moving.size < 0.3 * still.size
    stretched = np.array(lit_centre(moving)) * (3000 / moving.shape[1], 1501 / moving.shape[0])
    assert stretched == pytest.approx(screen_from_lps(camera, grid.lps((12, 30, 25)), 3000, 1501), abs=4.0)
    assert stretched == pytest.approx(lit_centre(still), abs=4.0)


@pytest.mark.parametrize("quality", list(Quality))
def test_a_graphics_cards_way_of_drawing_puts_things_at_the_same_place(
    volume_of: Make, signed_axes: Arrays, quality: Quality
) -> None:
    from viewer.scene.opengl_probe import choose_window_kind
    from viewer.scene.ray_pace import BY_CARD, RayPace
    from viewer.scene.volume_window import VolumeWindow

    choose_window_kind()
    window = VolumeWindow(software=False, stop=lambda: False)
    # Where no card is and the machine is busy, so few rays would be cast that all pass by what is marked.
    window._pace = RayPace(evolve(BY_CARD, moving_px=(2.0, 2.0), settling_px=(1.0, 1.0)))
    try:
        for grid in grids(signed_axes)[1:]:
            voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
            voxels[24:27, 29:32, 11:14] = 1500
            volume = volume_of(voxels, grid)
            finding = FindingSurface(Mask((27, 12, 12), np.ones((4, 4, 4), dtype=bool)), BLUE)
            for view in ("left", "front"):
                aimed = facing(Camera(as_point(grid.centre_lps_mm + 2.0), height_mm=110.0), view)
                scene = VolumeScene(volume, aimed, 120, 100)
                bone = window.draw(scene, quality)
                both = window.draw(evolve(scene, surfaces=(finding,)), quality)
                assert bone is not None
                assert both is not None
                expected = screen_from_lps(aimed, grid.lps((12, 30, 25)), 120, 100)
                assert lit_centre(bone) == pytest.approx(expected, abs=1.0)
                blue = np.where((both & 255) > (both >> 16 & 255) + 60, both << 8, 0)
                assert lit_centre(blue) == pytest.approx(
                    screen_from_lps(aimed, grid.lps((28.5, 13.5, 13.5)), 120, 100), abs=1.0
                )
    finally:
        window.close()


@pytest.mark.parametrize("quality", list(Quality))
def test_bone_has_no_dark_dots_on_a_graphics_card(volume_of: Make, quality: Quality) -> None:
    from viewer.scene.opengl_probe import choose_window_kind
    from viewer.scene.volume_window import VolumeWindow

    grid = Grid.from_directions((60, 60, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(0.8, 0.8, 1.6))
    away_mm = np.linalg.norm(np.moveaxis(np.indices(grid.shape_kji), 0, -1) * (1.6, 0.8, 0.8) - 23.6, axis=-1)
    # A thin shell around marrow, in the noise of a CT.
    ball_hu = np.interp(away_mm, (18.0, 18.8, 19.6, 20.4), (220, 700, 700, 40))
    voxels = np.rint(ball_hu + np.random.default_rng(1).normal(0, 80, grid.shape_kji)).astype(np.int16)
    camera = Camera(as_point(grid.centre_lps_mm), (0.5, -0.8, 0.33), height_mm=60.0)
    choose_window_kind()
    window = VolumeWindow(software=False, stop=lambda: False)
    try:
        pixels = window.draw(VolumeScene(volume_of(voxels, grid), camera, *SIZE, masked=False), quality)
    finally:
        window.close()
    assert pixels is not None
    green = (pixels >> 8 & 255).astype(int)
    ball = green[70:130, 90:150]
    assert (ball < 0.6 * np.median(ball)).mean() < 0.002


@pytest.mark.parametrize(("preset", "hu"), [("bone", 900), ("soft", 40), ("muscle", 60)])
def test_a_look_is_about_as_bright_on_a_graphics_card_as_where_the_processor_draws_it(
    volume_of: Make, preset: str, hu: int
) -> None:
    from viewer.scene.opengl_probe import choose_window_kind
    from viewer.scene.volume_window import VolumeWindow

    choose_window_kind()
    grid = Grid.from_directions((64, 64, 64), origin_lps_mm=(0, 0, 0), spacing_mm=(1.2, 1.2, 1.2))
    k, j, i = np.mgrid[0:64, 0:64, 0:64]
    outside = np.sqrt((i - 32) ** 2 + (j - 32) ** 2 + (k - 32) ** 2) - 24.0
    ball = volume_of(np.clip(hu - (hu + 1000) * outside / 2, -1000, hu).astype(np.int16), grid)
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=72.0)
    seen = []
    for software in (True, False):
        window = VolumeWindow(software=software, stop=lambda: False)
        pixels = window.draw(VolumeScene(ball, camera, 120, 120, preset, masked=False, table=True), Quality.STILL)
        window.close()
        assert pixels is not None
        grey = pixels >> 8 & 255
        seen.append((grey[60, 30:90].mean(), grey[60, 14:20].mean()))
    (whole, rim), (whole_card, rim_card) = seen
    assert whole_card == pytest.approx(whole, rel=0.3)
    assert rim_card < 0.7 * whole_card, "what is turned away is darker"
    assert rim < 0.7 * whole


def test_the_finest_picture_leaves_fewer_rings_on_a_smooth_surface(volume_of: Make) -> None:
    from viewer.scene.opengl_probe import choose_window_kind
    from viewer.scene.volume_window import VolumeWindow

    choose_window_kind()
    grid = Grid.from_directions((64, 64, 64), origin_lps_mm=(0, 0, 0), spacing_mm=(1.2, 1.2, 1.2))
    k, j, i = np.mgrid[0:64, 0:64, 0:64]
    # A lung with a smooth wall, in a body.
    away = np.sqrt((i - 32) ** 2 + (j - 32) ** 2 + (k - 32) ** 2)
    lung = np.clip(450 * (away - 18) - 400, -850, 50)
    body = volume_of(np.where(away < 31, lung, -1000).astype(np.int16), grid)
    to_eye = tuple((np.array([3.0, -5.0, 2.0]) / np.sqrt(38)).tolist())
    camera = Camera(as_point(grid.centre_lps_mm), to_eye=to_eye, height_mm=56.0)
    scene = VolumeScene(body, camera, 400, 400, "lung", masked=False, table=True)
    window = VolumeWindow(software=True, stop=lambda: False)
    rings = []
    for quality in (Quality.STILL, Quality.FINEST):
        pixels = window.draw(scene, quality)
        assert pixels is not None
        grey = (pixels >> 8 & 255).astype(float)
        assert grey[200, 200] > 30
        rings.append((grey - uniform_filter(grey, 15))[130:270, 130:270].std())
    assert window.finer
    window.close()
    assert rings[1] < 0.6 * rings[0]


def test_a_finer_picture_is_offered_where_a_thread_of_its_own_draws_and_not_where_it_would_hold_up_the_window(
    volume_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid.from_directions((24, 24, 24), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[6:18, 6:18, 6:18] = 1000
    scene = VolumeScene(volume_of(voxels, grid), Camera(as_point(grid.centre_lps_mm), height_mm=30.0), 60, 60)
    offered = []
    for platform in ("linux", "darwin"):
        monkeypatch.setattr(volume3d, "sys", SimpleNamespace(platform=platform))
        came: list[Picture3D] = []
        arrived = threading.Event()
        drawing = Scene3D(lambda made, came=came, arrived=arrived: (came.append(made), arrived.set()))
        drawing.request(scene)
        assert arrived.wait(30)
        drawing.close()
        offered.append(came[0].finer)
    assert offered == [isinstance(found := probed(), Capabilities) and found.software, False]


def test_a_series_longer_than_a_graphics_card_takes_is_drawn_shrunk(volume_of: Make) -> None:
    from viewer.scene.volume_image import render_voxels

    long = Grid.from_directions((8, 8, 2500), origin_lps_mm=(0, 0, 0), spacing_mm=(0.5, 0.5, 0.6))
    rendered = render_voxels(volume_of(np.zeros(long.shape_kji, dtype=np.int16), long), full=True)
    assert rendered.grid.size_ijk == (8, 8, 1250)
    assert rendered.grid.spacing_mm == pytest.approx((0.5, 0.5, 1.2))


def test_a_second_volume_is_drawn_by_what_drew_the_first_as_if_it_were_the_first(volume_of: Make) -> None:
    from viewer.scene.volume_window import VolumeWindow

    opengl_probe.choose_window_kind()
    scenes = []
    for n, grid in enumerate(
        (
            Grid.from_directions((50, 44, 40), origin_lps_mm=(-60, 31, 12), spacing_mm=(1.1, 1.3, 1.7)),
            Grid.from_directions((64, 60, 30), origin_lps_mm=(10, -20, 5), spacing_mm=(0.9, 0.9, 2.5)),
        )
    ):
        voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
        voxels[8:20, 10 + 5 * n : 30, 12:30] = 1200
        clips = () if n else (Clip((0.0, 0.0, float(grid.centre_lps_mm[2])), (0.0, 0.0, 1.0)),)
        camera = Camera(as_point(grid.centre_lps_mm), height_mm=110.0)
        scenes.append(VolumeScene(volume_of(voxels, grid), camera, *SIZE, clips=clips))

    def drawn(*shown: VolumeScene) -> tuple[np.ndarray, set[int]]:
        window = VolumeWindow(software=True, stop=lambda: False)
        casters = set()
        for scene in shown:
            pixels = window.draw(scene, Quality.STILL)
            casters.add(id(window._mapper))
        window.close()
        assert pixels is not None
        return pixels, casters

    afterwards, casters = drawn(*scenes)
    assert len(casters) == 1
    assert np.array_equal(afterwards, drawn(scenes[1])[0])


def test_a_driver_that_is_not_there_is_told_within_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLIUM_DRIVER", "nonsense")
    monkeypatch.setenv("LIBGL_DRIVERS_PATH", "/nowhere")
    monkeypatch.setenv("LIBGL_ALWAYS_SOFTWARE", "1")
    began = time.monotonic()
    found = opengl_probe.tried()
    seconds = time.monotonic() - began
    if not isinstance(found, Unavailable3D):
        pytest.skip(f"the driver of {found.renderer} does not listen to Mesa's variables")
    assert "3D is off" in found.sentence
    assert seconds < opengl_probe.LONGEST_S + 5.0, "loading the libraries on a busy machine takes some of it"


def test_3d_that_loses_its_context_is_back_with_the_next_picture(
    volume_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewer.scene import volume_window

    drawn, opened = volume_window.VolumeWindow.draw, []
    made = volume_window.VolumeWindow.__init__

    def opening(self: volume_window.VolumeWindow, **given: object) -> None:
        opened.append(1)
        made(self, **given)

    fails = [True]

    def draw(self: volume_window.VolumeWindow, *given: object) -> object:
        if fails.pop() if fails else False:
            raise RuntimeError("the context is lost")
        return drawn(self, *given)

    monkeypatch.setattr(volume_window.VolumeWindow, "__init__", opening)
    monkeypatch.setattr(volume_window.VolumeWindow, "draw", draw)
    grid = Grid.from_directions((24, 24, 24), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    volume = volume_of(np.full(grid.shape_kji, 800, np.int16), grid)
    scene = VolumeScene(volume, Camera(as_point(volume.grid.bounds_lps_mm.mean(axis=1)), height_mm=40.0), 64, 64)
    told: list[Unavailable3D] = []
    drawing = Scene3D(on_unavailable=told.append)
    try:
        assert drawing.render_once(scene) is not None
        assert len(opened) == 2
        # After sleep a new window is made even where nothing failed.
        drawing.outlive()
        assert drawing.render_once(scene) is not None
        assert len(opened) == 3
        assert told == []
        # What fails again at once does not come back, and says so.
        fails += [True, True]
        assert drawing.render_once(scene) is None
        assert [why.sentence for why in told] == ["3D stopped: drawing it failed."]
    finally:
        drawing.close()


def test_a_fault_of_any_kind_is_said_and_nobody_waits_for_a_picture(
    volume_of: Callable[..., Volume], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dressed(*_: object, **__: object) -> None:
        raise IndexError("a fault of the program")

    monkeypatch.setattr("viewer.scene.dressed_volume.DressedVolume.dress", dressed)
    grid = Grid.from_directions((24, 24, 24), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    volume = volume_of(np.full(grid.shape_kji, 800, np.int16), grid)
    scene = VolumeScene(volume, Camera(as_point(volume.grid.bounds_lps_mm.mean(axis=1)), height_mm=40.0), 64, 64)
    told: list[Unavailable3D] = []
    drawing = Scene3D(on_unavailable=told.append)
    start = time.monotonic()
    try:
        assert drawing.render_once(scene) is None
        assert time.monotonic() - start < 30
        assert [why.sentence for why in told] == ["3D stopped: drawing it failed."]
    finally:
        drawing.close()


def test_closing_waits_for_no_driver_that_hangs(volume_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from viewer.scene import volume3d
    from viewer.scene.volume_window import VolumeWindow

    monkeypatch.setattr(volume3d, "_LEFT_AFTER_S", 0.1)
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        hangs.set()
        goes_on.wait(60)

    monkeypatch.setattr(VolumeWindow, "draw", hang)
    scene = Scene3D()
    volume = volume_of(np.zeros((8, 8, 8), np.int16), Grid((8, 8, 8), np.eye(4)))
    try:
        scene.request(VolumeScene(volume, FACING, 32, 32))
        assert hangs.wait(20)
        start = time.monotonic()
        scene.close()
        assert time.monotonic() - start < 30
    finally:
        goes_on.set()


def test_images_that_make_no_volume_are_no_solid_in_3d(scene3d: Scene3D, volume_of: Make) -> None:
    grid = Grid.from_directions((40, 40, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(2, 2, 1))
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[:, 10:30, 10:30] = 800
    volume = volume_of(voxels, grid)
    camera = Camera(as_point(grid.centre_lps_mm), height_mm=110.0)
    assert np.any(scene3d.render_once(VolumeScene(volume, camera, *SIZE)) & 0xFF > 40)
    assert not np.any(scene3d.render_once(VolumeScene(evolve(volume, loose=True), camera, *SIZE)) & 0xFF)
