import numpy as np
import pytest

from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.view_state import PlaneView
from viewer.scene.plane_geometry import ViewportGeometry


@pytest.mark.parametrize("plane", list(PlaneName))
def test_a_point_comes_back_from_the_screen_on_the_plane_through_the_cursor(plane: PlaneName) -> None:
    geometry = ViewportGeometry(plane, PlaneView((10.0, -20.0, 33.0), 250.0), (4.0, 5.0, 6.0), 801, 603)
    point = geometry.lps_from_screen(123.4, 456.7)
    assert geometry.screen_from_lps(point) == pytest.approx((123.4, 456.7))
    assert geometry.distance_mm(point) == pytest.approx(0.0, abs=1e-9)


def test_the_middle_of_the_viewport_shows_the_centre_and_pixels_are_square_in_mm() -> None:
    geometry = ViewportGeometry(PlaneName.AXIAL, PlaneView((10.0, -20.0, 0.0), 200.0), (0.0, 0.0, 7.0), 800, 400)
    assert geometry.mm_per_px == 0.5
    assert geometry.lps_from_screen(400, 200) == pytest.approx((10.0, -20.0, 7.0))
    assert geometry.lps_from_screen(402, 204) == pytest.approx((11.0, -18.0, 7.0))


@pytest.mark.parametrize("plane", list(PlaneName))
def test_directions_on_screen_are_those_of_the_plane(plane: PlaneName) -> None:
    geometry = ViewportGeometry(plane, PlaneView((0.0, 0.0, 0.0), 100.0), (0.0, 0.0, 0.0), 100, 100)
    axes = PLANE_AXES[plane]
    moved = geometry.screen_points(np.stack([axes.right, axes.down, axes.into]) * 10) - 50
    assert moved == pytest.approx(np.array([[10, 0], [0, 10], [0, 0]]))
