import numpy as np
import pytest
from attrs import evolve

from viewer.scene.window_table import grey_of, window_table


def test_linear_window_is_the_formula_of_dicom() -> None:
    # PS3.3 C.11.2.1.2.1 with c = 40, w = 400: black up to −160, white above 239.
    grey = grey_of([-161, -160, 239, 240, 39.5], centre=40, width=400)
    assert grey == pytest.approx([0, 0, 255, 255, 127.5])
    assert grey_of([-159], centre=40, width=400)[0] == pytest.approx(255 / 399)


def test_width_one_is_a_threshold() -> None:
    assert grey_of([99, 99.5, 100], centre=100, width=1).tolist() == [0, 0, 255]


def test_linear_exact_and_sigmoid_differ_as_dicom_says() -> None:
    assert grey_of([-160, 40, 240], centre=40, width=400, function="LINEAR_EXACT") == pytest.approx([0, 127.5, 255])
    assert grey_of([40, 140], centre=40, width=400, function="SIGMOID") == pytest.approx(
        [127.5, 255 / (1 + np.exp(-1))]
    )


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (35.5, 80), (480, 2500), (0, 65536), (0, 3), (100, 200000)])
@pytest.mark.parametrize("invert", [False, True])
def test_table_gives_every_whole_number_its_exact_grey(
    function: str, centre: float, width: float, invert: bool
) -> None:
    values = np.arange(-32768, 32768, 7, dtype=np.int16)
    exact = grey_of(values, centre=centre, width=width, function=function, invert=invert)
    pixels = window_table(centre, width, function, invert=invert).of(values)
    assert np.all(pixels >> 24 == 255)
    assert np.all((pixels & 255) == (pixels >> 8 & 255))
    # One grey value only where the window is wider than the table has entries.
    assert np.abs((pixels & 255) - exact).max() <= (0.5000001 if width < 60000 else 0.75)


def test_float_values_far_outside_the_window_are_black_and_white() -> None:
    pixels = window_table(0.5, 0.2, "LINEAR_EXACT").of(np.array([-1e30, 0.5, 1e30], dtype=np.float32))
    assert (pixels & 255).tolist() in ([0, 127, 255], [0, 128, 255])


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
@pytest.mark.parametrize(
    ("centre", "width"), [(40, 400), (35.5, 80.5), (-600, 1500), (0, 2), (1023.25, 4095), (0, 8000)]
)
@pytest.mark.parametrize("invert", [False, True])
def test_a_grey_is_the_same_counted_and_looked_up(function: str, centre: float, width: float, invert: bool) -> None:
    values = np.arange(-32768, 32768, dtype=np.int16)
    counted = window_table(centre, width, function, invert=invert)
    looked_up = evolve(counted, ramp=None)
    assert counted.ramp is not None
    assert np.array_equal(counted.of(values), looked_up.of(values))
    between = np.random.default_rng(5).uniform(centre - width, centre + width, 20000).astype(np.float32)
    exact = grey_of(between, centre=centre, width=width, function=function, invert=invert)
    assert np.abs((counted.of(between) & 255) - exact).max() <= 0.501


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [2e-4, 0.004, 0.3])
def test_narrow_windows_of_maps_have_as_many_greys_as_wide_ones(function: str, width: float) -> None:
    values = np.linspace(1.0 - 3 * width, 1.0 + 3 * width, 2001, dtype=np.float32)
    expected = grey_of(values, centre=1.0, width=width, function=function)
    found = window_table(1.0, width, function).of(values) & 0xFF
    assert np.abs(found - expected).max() < 1.3
