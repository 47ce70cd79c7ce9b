from __future__ import annotations

import gc
import math
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.labels import Mask
from viewer.domain.plane_turn import about
from viewer.domain.view_state import Camera, as_point, overview
from viewer.scene.acquired import shown_axes
from viewer.scene.camera import facing, screen_from_lps
from viewer.scene.clips import clips, cut_towards_eye
from viewer.scene.presets_3d import PRESETS_3D, first_preset
from viewer.scene.volume_scene import FindingSurface, PlanesShown, VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.volume3d import Scene3D

    Make = Callable[..., Volume]

SIZE = (160, 160)
BARE = sorted(name for name, preset in PRESETS_3D.items() if preset.shows_face)


@pytest.fixture
def head(volume_of: Make) -> Volume:
    """A skull with a nose and cheeks of soft tissue in front of it."""
    k, j, i = np.indices((60, 70, 70))
    radius_mm = 3.0 * np.sqrt((k - 30.0) ** 2 + (j - 38.0) ** 2 + (i - 35.0) ** 2)
    nose = (np.abs(i - 35) < 4) & (np.abs(k - 28) < 5) & (j > 3) & (j < 38)
    values = np.full(radius_mm.shape, -1000, dtype=np.int16)
    values[(radius_mm < 85) | nose] = 40
    values[(radius_mm < 74) & (radius_mm > 62)] = 900
    values[radius_mm <= 62] = 35
    return volume_of(
        values, Grid.from_directions((70, 70, 60), origin_lps_mm=(-105, -105, 0), spacing_mm=(3.0, 3.0, 3.0))
    )


def scene_of(volume: Volume, preset: str, **more: object) -> VolumeScene:
    camera = Camera(as_point(volume.grid.centre_lps_mm), height_mm=260.0)
    return VolumeScene(volume, camera, *SIZE, preset, **more)


def drawn(scene3d: Scene3D, scene: VolumeScene) -> np.ndarray:
    pixels = scene3d.render_once(scene)
    assert pixels is not None
    return pixels


def lit(pixels: np.ndarray) -> np.ndarray:
    return (pixels & 0xFF) + (pixels >> 8 & 0xFF) + (pixels >> 16 & 0xFF) > 60


@pytest.mark.parametrize("preset", BARE)
def test_a_face_is_never_drawn_while_identity_is_hidden(preset: str, head: Volume, scene3d: Scene3D) -> None:
    bone = drawn(scene3d, scene_of(head, "bone"))
    picture = scene3d.picture_once(scene_of(head, preset))
    assert picture is not None
    assert np.array_equal(picture.pixels, bone)
    assert picture.drawn == "Bone (skin hidden with identity)"
    assert picture.masked


def test_the_nose_is_in_the_skin_picture_only_where_identity_is_shown_or_synthetic(
    head: Volume, scene3d: Scene3D
) -> None:
    side = facing(Camera(as_point(head.grid.centre_lps_mm), height_mm=260.0), "left")

    def nose_seen(volume: Volume, *, masked: bool) -> bool:
        scene = evolve(scene_of(volume, "soft", masked=masked), camera=side)
        x, y = screen_from_lps(side, volume.grid.lps((35, 6, 28)), *SIZE)
        return bool(lit(drawn(scene3d, scene))[int(y), int(x)])

    synthetic = evolve(head, series=evolve(head.series, synthetic=True))
    assert nose_seen(head, masked=False)
    assert nose_seen(synthetic, masked=True)
    assert not nose_seen(head, masked=True)


def test_a_smooth_skin_has_no_rings_and_what_is_cut_off_no_grain(volume_of: Make, scene3d: Scene3D) -> None:
    rng = np.random.default_rng(2)
    k, j, i = np.indices((60, 120, 120))
    radius_mm = 1.4 * np.hypot(i - 59.5, (j - 59.5) * 1.3)
    values = np.where(radius_mm < 70, 20, -1000) + rng.normal(0, 8, k.shape)
    grid = Grid.from_directions((120, 120, 60), origin_lps_mm=(0, 0, 0), spacing_mm=(1.4, 1.4, 1.4))
    body = volume_of(values.astype(np.int16), grid, body_part="ABDOMEN")
    camera = Camera(as_point(body.grid.centre_lps_mm), height_mm=120.0)

    def unevenness(side: str) -> float:
        seen = VolumeScene(body, facing(camera, side), 400, 400, "soft", masked=False)
        green = (drawn(scene3d, seen) >> 8 & 0xFF)[150:250, 120:280].astype(float)
        around = sum(np.roll(green, (a, b), (0, 1)) for a in range(-6, 7, 3) for b in range(-6, 7, 3)) / 25
        return float((green - around)[8:-8, 8:-8].std() / green.mean())

    assert unevenness("front") < 0.02
    assert unevenness("head") < 0.03


def test_nothing_is_drawn_while_identity_is_hidden_where_values_are_no_hu(head: Volume, scene3d: Scene3D) -> None:
    unknown = evolve(head, unit="unknown")
    for preset in PRESETS_3D:
        picture = scene3d.picture_once(scene_of(unknown, preset))
        assert picture is not None
        assert not lit(picture.pixels).any(), preset
        assert "Hidden with identity" in picture.drawn
    assert lit(drawn(scene3d, scene_of(unknown, "bone", masked=False))).any()


def test_a_brain_bleed_needs_a_brain(volume_of: Make, scene3d: Scene3D) -> None:
    values = np.full((30, 30, 30), -1000, dtype=np.int16)
    values[4:26, 4:26, 4:26] = 300
    grid = Grid.from_directions((30, 30, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(3.0, 3.0, 3.0))
    picture = scene3d.picture_once(scene_of(volume_of(values, grid), "bleed", masked=False))
    assert picture is not None
    assert picture.drawn == "Bone (no brain found)"


def test_blood_in_the_brain_is_red_behind_the_skull(head: Volume, scene3d: Scene3D) -> None:
    values = head.voxels.copy()
    k, j, i = np.indices(values.shape)
    values[(k - 30) ** 2 + (j - 38) ** 2 + (i - 42) ** 2 < 49] = 70
    volume = evolve(head, voxels=values, slices=values)
    scene = scene_of(volume, "bleed")
    pixels = drawn(scene3d, scene)
    x, y = (int(v) for v in screen_from_lps(scene.camera, head.grid.lps((42, 38, 30)), *SIZE))
    red, green = int(pixels[y, x] >> 16 & 0xFF), int(pixels[y, x] >> 8 & 0xFF)
    assert red > green + 60
    opposite = SIZE[0] - x
    assert abs(int(pixels[y, opposite] >> 16 & 0xFF) - int(pixels[y, opposite] >> 8 & 0xFF)) < 25


@pytest.mark.parametrize(
    ("facts", "preset"),
    [
        ({"body_part": "HEAD"}, "bone"),
        ({"body_part": "CHEST"}, "lung"),
        ({"body_part": "ABDOMEN", "description": "arterial phase"}, "vessels"),
        ({"body_part": "ABDOMEN", "description": "portal venous"}, "bone"),
        ({"study_description": "CT CH/ABD/PEL W/ CONTRAST"}, "bone"),
        ({"body_part": "ABDOMEN", "description": "without contrast"}, "bone"),
        ({}, "bone"),
    ],
)
def test_a_volume_opens_with_the_look_that_fits_its_part_of_the_body(
    facts: dict[str, str], preset: str, volume_of: Make
) -> None:
    grid = Grid.from_directions((20, 20, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(3.0, 3.0, 3.0))
    assert first_preset(volume_of(np.full(grid.shape_kji, 30, dtype=np.int16), grid, **facts)) == preset


def test_a_few_images_of_a_chest_open_in_bone_as_nothing_would_be_seen_of_the_lung(volume_of: Make) -> None:
    grid = Grid.from_directions((20, 20, 3), origin_lps_mm=(0, 0, 0), spacing_mm=(3.0, 3.0, 1.0))
    assert first_preset(volume_of(np.full(grid.shape_kji, 30, dtype=np.int16), grid, body_part="CHEST")) == "bone"


@pytest.fixture
def cube(volume_of: Make) -> Volume:
    """A cube of bone, 60 mm long, in air."""
    values = np.full((40, 40, 40), -1000, dtype=np.int16)
    values[10:30, 10:30, 10:30] = 1000
    grid = Grid.from_directions((40, 40, 40), origin_lps_mm=(-58.5, -58.5, -58.5), spacing_mm=(3.0, 3.0, 3.0))
    return volume_of(values, grid)


def cut_scene(volume: Volume, view: ViewState, side: str, **more: object) -> VolumeScene:
    camera = facing(Camera(as_point(volume.grid.centre_lps_mm), height_mm=160.0), side)
    return VolumeScene(volume, camera, *SIZE, "bone", clips=clips(volume, view), **more)


@pytest.mark.parametrize(
    ("plane", "eye", "seen_from", "gone", "stays"),
    [
        (PlaneName.AXIAL, "head", "front", (0.0, 0.0, 20.0), (0.0, 0.0, -20.0)),
        (PlaneName.AXIAL, "feet", "front", (0.0, 0.0, -20.0), (0.0, 0.0, 20.0)),
        (PlaneName.CORONAL, "front", "left", (0.0, -20.0, 0.0), (0.0, 20.0, 0.0)),
        (PlaneName.CORONAL, "back", "left", (0.0, 20.0, 0.0), (0.0, -20.0, 0.0)),
        (PlaneName.SAGITTAL, "left", "front", (20.0, 0.0, 0.0), (-20.0, 0.0, 0.0)),
        (PlaneName.SAGITTAL, "right", "front", (-20.0, 0.0, 0.0), (20.0, 0.0, 0.0)),
    ],
)
def test_a_cut_takes_what_lies_before_the_plane(
    plane: PlaneName,
    eye: str,
    seen_from: str,
    gone: tuple[float, float, float],
    stays: tuple[float, float, float],
    cube: Volume,
    scene3d: Scene3D,
) -> None:
    view = evolve(overview("1.2.3", cube.grid), cursor_lps_mm=(0.0, 0.0, 0.0))
    view = evolve(view, camera=facing(view.camera, eye))
    view = evolve(view, cuts_3d=(cut_towards_eye(cube, view, plane),))
    scene = cut_scene(cube, view, seen_from)
    pixels = lit(drawn(scene3d, scene))
    for place, expected in ((gone, False), (stays, True)):
        x, y = screen_from_lps(scene.camera, place, *SIZE)
        assert bool(pixels[int(y), int(x)]) is expected


def test_a_cut_and_a_plane_in_3d_turn_with_the_plane(cube: Volume, scene3d: Scene3D) -> None:
    turned = about((0.0, 1.0, 0.0), math.radians(45))
    view = evolve(overview("1.2.3", cube.grid), cursor_lps_mm=(0.0, 0.0, 0.0))
    view = view.with_plane(PlaneName.AXIAL, evolve(view.axial, turned=turned))
    view = evolve(view, camera=facing(view.camera, "head"))
    view = evolve(view, cuts_3d=(cut_towards_eye(cube, view, PlaneName.AXIAL),))
    normal = shown_axes(cube, view, PlaneName.AXIAL).into
    normal = normal * np.sign(normal[2])
    scene = cut_scene(cube, view, "front")
    pixels = lit(drawn(scene3d, scene))
    for side, expected in ((15.0, False), (-15.0, True)):
        x, y = screen_from_lps(scene.camera, as_point(side * normal), *SIZE)
        assert bool(pixels[int(y), int(x)]) is expected
    planes = PlanesShown((0.0, 0.0, 0.0), 1000.0, 400.0, False, ((1.0, 0.0, 0.0),) * 3, (turned, None, None))
    nothing = evolve(view, cuts_3d=(), box_3d=((80.0, 80.0, 80.0), (90.0, 90.0, 90.0)))
    seen = drawn(scene3d, cut_scene(cube, nothing, "front", planes=planes))
    reds = (seen >> 16 & 0xFF > 150) & (seen >> 8 & 0xFF < 90)
    along = np.cross(normal, (0.0, 1.0, 0.0))
    x, y = (int(v) for v in screen_from_lps(scene.camera, as_point(45.0 * along), *SIZE))
    assert reds[y - 2 : y + 3, x - 2 : x + 3].any()


def test_a_box_shows_what_is_in_it_and_findings_stay_whole(cube: Volume, scene3d: Scene3D) -> None:
    view = evolve(overview("1.2.3", cube.grid), box_3d=((-60.0, -60.0, -60.0), (-5.0, 60.0, 60.0)))
    scene = cut_scene(cube, view, "front")
    pixels = lit(drawn(scene3d, scene))
    left, right = (screen_from_lps(scene.camera, (x, 0.0, 0.0), *SIZE) for x in (20.0, -20.0))
    assert not pixels[int(left[1]), int(left[0])]
    assert pixels[int(right[1]), int(right[0])]
    mask = Mask((24, 18, 18), np.ones((4, 4, 4), dtype=bool))
    found = cut_scene(cube, view, "front", surfaces=(FindingSurface(mask, (0.3, 0.7, 1.0)),))
    x, y = screen_from_lps(found.camera, cube.grid.lps((25.5, 19.5, 19.5)), *SIZE)
    assert lit(drawn(scene3d, found))[int(y), int(x)]
    assert lit(drawn(scene3d, cut_scene(cube, evolve(view, box_3d=None), "front")))[int(left[1]), int(left[0])]


def test_the_planes_stand_in_3d_where_the_crosshair_is(cube: Volume, scene3d: Scene3D) -> None:
    red, green, yellow = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.0)

    def picture(centre: float, z_mm: float) -> np.ndarray:
        planes = PlanesShown((0.0, 0.0, z_mm), centre, 400.0, False, (red, green, yellow))
        camera = facing(Camera(as_point(cube.grid.centre_lps_mm), height_mm=160.0), "front")
        # The volume itself is cropped away: what is seen is the planes.
        nothing = clips(cube, evolve(overview("1.2.3", cube.grid), box_3d=((80.0, 80.0, 80.0), (90.0, 90.0, 90.0))))
        scene = VolumeScene(cube, camera, *SIZE, "bone", clips=nothing, planes=planes)
        return drawn(scene3d, scene)

    def row_of_axial(pixels: np.ndarray) -> float:
        reds = (pixels >> 16 & 0xFF > 150) & (pixels >> 8 & 0xFF < 90)
        return float(np.nonzero(reds)[0].mean())

    camera = facing(Camera(as_point(cube.grid.centre_lps_mm), height_mm=160.0), "front")
    for z_mm in (-20.0, 35.0):
        expected = screen_from_lps(camera, (0.0, 0.0, z_mm), *SIZE)[1]
        assert row_of_axial(picture(1000.0, z_mm)) == pytest.approx(expected, abs=1.5)
    # The coronal plane faces the eye: bone is grey in its own window, white in one of soft tissue; air is not there.
    x, y = (int(v) for v in screen_from_lps(camera, (12.0, 0.0, 12.0), *SIZE))
    assert int(picture(1000.0, -20.0)[y, x] & 0xFF) == pytest.approx(128, abs=6)
    assert int(picture(40.0, -20.0)[y, x] & 0xFF) > 245
    x, y = (int(v) for v in screen_from_lps(camera, (45.0, 0.0, 12.0), *SIZE))
    assert not lit(picture(-600.0, -20.0))[y, x]


def test_the_planes_stand_in_3d_also_of_images_whose_low_values_are_white(cube: Volume, scene3d: Scene3D) -> None:
    negative = evolve(cube, series=evolve(cube.series, monochrome1=True))
    nothing = clips(cube, evolve(overview("1.2.3", cube.grid), box_3d=((80.0, 80.0, 80.0), (90.0, 90.0, 90.0))))
    camera = facing(Camera(as_point(cube.grid.centre_lps_mm), height_mm=160.0), "front")
    x, y = (int(v) for v in screen_from_lps(camera, (12.0, 0.0, 12.0), *SIZE))

    def grey(centre: float, *, invert: bool) -> int:
        planes = PlanesShown((0.0, 0.0, -20.0), centre, 400.0, invert, ((1.0, 0.0, 0.0),) * 3)
        scene = VolumeScene(negative, camera, *SIZE, "bone", clips=nothing, planes=planes)
        return int(drawn(scene3d, scene)[y, x] & 0xFF)

    assert grey(1100.0, invert=False) == pytest.approx(192, abs=6)
    assert grey(1100.0, invert=True) == pytest.approx(64, abs=6)


def test_the_table_of_a_real_abdomen_goes_and_comes_back_when_asked_for(real_data: Path, scene3d: Scene3D) -> None:
    from viewer.domain.job import JobContext
    from viewer.io.scan import scan
    from viewer.services.loading import load_series

    context = JobContext()
    entry = max(scan(real_data / "a13_abdomen_contrast_CRLM-1004", context).series, key=lambda e: e.count)
    volume = load_series(entry, context)
    camera = facing(Camera(as_point(volume.grid.centre_lps_mm), height_mm=450.0), "front")
    # The table is wider than the patient.
    assert volume.body_lps_mm is not None
    beside = (float(volume.body_lps_mm[0, 1]) + 12.0, 0.0, float(volume.grid.centre_lps_mm[2]))
    column = int(screen_from_lps(camera, beside, *SIZE)[0])

    def lit_beside(*, table: bool) -> int:
        scene = VolumeScene(volume, camera, *SIZE, "soft", masked=False, table=table)
        pixels = drawn(scene3d, scene)
        assert lit(pixels)[:, SIZE[0] // 2].any()
        return int(lit(pixels)[:, column:].sum())

    assert lit_beside(table=True) > 200
    assert lit_beside(table=False) == 0


def test_a_volume_that_is_no_longer_shown_is_let_go(volume_of: Make, cube: Volume, scene3d: Scene3D) -> None:
    def shown_and_gone() -> weakref.ref[Volume]:
        values = np.full((20, 20, 20), 40, dtype=np.int16)
        grid = Grid.from_directions((20, 20, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(3.0, 3.0, 3.0))
        volume = volume_of(values, grid)
        planes = PlanesShown((30.0, 30.0, 30.0), 40.0, 400.0, False, ((1.0, 0.0, 0.0),) * 3)
        for preset in PRESETS_3D:
            drawn(scene3d, scene_of(volume, preset, planes=planes))
        return weakref.ref(volume)

    gone = shown_and_gone()
    drawn(scene3d, scene_of(cube, "bone"))
    drawn(scene3d, scene_of(cube, "bone"))
    gc.collect()
    assert gone() is None
