"""Pictures of real CT, held to what the series is known to say."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis.regrid import regridded
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.job import JobContext
from viewer.domain.view_state import as_point, overview
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.scene.plane_geometry import ViewportGeometry
from viewer.scene.planes import PlaneRenderer, has_picture, snapped
from viewer.scene.timing import scroll_times
from viewer.scene.timing_3d import times_3d
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume


def opened(path: Path) -> Volume:
    context = JobContext()
    volume = assemble(max(scan(path, context).series, key=lambda entry: entry.count), context)
    return regridded(volume, context) if volume.verdict is Verdict.RESAMPLED else volume


def grey_at(volume: Volume, plane: PlaneName, point: tuple[float, float, float], **window: float) -> int:
    """Return the grey under a place, in a picture centred elsewhere."""
    state = overview(
        volume.series.series_uid, volume.grid, window_centre=window["centre"], window_width=window["width"]
    )
    state = evolve(state, cursor_lps_mm=point)
    x, y = ViewportGeometry.of(state, plane, 1601, 1203).screen_from_lps(point)
    return int(PlaneRenderer().render(volume, state, plane, 1601, 1203).pixels[int(y), int(x)] & 255)


@pytest.mark.parametrize("plane", list(PlaneName))
def test_the_orientation_phantom_has_its_value_everywhere(plane: PlaneName, real_data: Path) -> None:
    # The stored value at LPS (x, y, z) is (x + y − z) / 2: linear, so exact between voxels too.
    volume = opened(real_data / "a18_orientation_phantom" / "dicom")
    state = overview(volume.series.series_uid, volume.grid, window_centre=70, window_width=160)
    state = evolve(state, cursor_lps_mm=snapped(volume, plane, state.cursor_lps_mm))
    geometry = ViewportGeometry.of(state, plane, 320, 240)
    picture = PlaneRenderer().render(volume, state, plane, 320, 240).pixels & 255
    for row, column in product((60, 120, 190), (130, 160, 190)):
        x, y, z = geometry.lps_from_screen(column + 0.5, row + 0.5)
        assert abs(int(picture[row, column]) - grey_of((x + y - z) / 2, centre=70, width=160)) <= 1


@pytest.mark.parametrize("plane", list(PlaneName))
def test_known_voxels_of_an_abdomen_are_under_their_place_on_the_screen(plane: PlaneName, real_data: Path) -> None:
    volume = opened(real_data / "a13_abdomen_contrast_CRLM-1004")
    for ijk, hu in (((256, 256, 20), 143), ((204, 256, 10), 527), ((307, 230, 30), 123)):
        point = as_point(volume.grid.lps(ijk))
        seen = grey_at(volume, plane, point, centre=300, width=1000)
        # The pixel's centre is up to half a pixel beside the voxel's, in contrasted tissue.
        assert abs(seen - grey_of(hu, centre=300, width=1000)) <= 12


def test_a_tilted_head_with_padding_is_shown_upright_and_black_outside(real_data: Path) -> None:
    volume = opened(real_data / "a01_head_ge_tilt_uneven")
    assert volume.verdict is Verdict.RESAMPLED
    state = overview(volume.series.series_uid, volume.grid, window_centre=40, window_width=80)
    for plane in PlaneName:
        picture = PlaneRenderer().render(evolve(volume), evolve(state, invert=True), plane, 300, 300).pixels & 255
        # Outside the tilted block nothing is lit, also where air would be white.
        assert not picture[0].any()
        assert not picture[-1].any()
        assert (picture > 0).mean() > 0.1


def test_oblique_slices_have_pictures_in_all_standard_planes(real_data: Path) -> None:
    volume = opened(real_data / "a15_nifti_misc" / "CT_pitch.nii.gz")
    state = overview(volume.series.series_uid, volume.grid, window_centre=128, window_width=255)
    for plane in PlaneName:
        assert has_picture(volume, plane)
        picture = PlaneRenderer().render(volume, state, plane, 301, 303).pixels & 255
        geometry = ViewportGeometry.of(state, plane, 301, 303)
        # Against the voxel below, as a whole: interpolation differs from it only at edges.
        places = [(row, column) for row, column in product(range(40, 260, 7), range(40, 260, 7))]
        ours, theirs = [], []
        for row, column in places:
            value = volume.value_at(geometry.lps_from_screen(column + 0.5, row + 0.5))
            if value is not None:
                ours.append(int(picture[row, column]))
                theirs.append(float(grey_of(value, centre=128, width=255)))
        assert len(ours) > 100
        assert np.abs(np.subtract(ours, theirs)).mean() < 12


def test_times_can_be_measured(real_data: Path) -> None:
    volume = opened(real_data / "a10_rtstruct_sarcoma" / "STS_001" / "image")
    assert 0 < scroll_times(volume, PlaneName.AXIAL, images=5).p50_ms < 200
    turning = times_3d(volume, "bone", size_px=100, turns=1)
    assert turning is None or (turning.moving.count, turning.settling.count, turning.still.count) == (8, 1, 1)
