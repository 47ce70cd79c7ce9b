from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from viewer.analysis import narrowing as narrowing_module
from viewer.analysis.sampling import sampling_of
from viewer.domain.volume import Volume

Make = Callable[..., Volume]
SLOPE = np.array([1.0, -2.0, 3.0])

ACQUISITIONS = {
    "axial": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "axial, from the head downwards": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "prone": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "oblique": ((0.8, 0.6, 0), (-0.6, 0.8, 0), (0, 0, 1)),
    "tilted": ((1, 0, 0), (0, np.cos(0.3), -np.sin(0.3)), (0, 0, 1)),
}


def field_volume(make: Make, acquisition: str, gaps: Any, pixel: tuple[float, float] = (0.7, 0.8)) -> Volume:
    row, column, along = (np.array(v, dtype=float) for v in ACQUISITIONS[acquisition])
    positions = np.array([10.0, -20.0, 30.0]) + np.cumsum([0.0, *gaps])[:, None] * along
    blank = make(
        np.zeros((len(positions), 60, 50), np.float32), positions=positions, spacing=pixel, row=row, column=column
    )
    k, j, i = np.indices(blank.slices.shape)
    values = blank.stack.lps(np.stack([i, j, k], axis=-1)) @ SLOPE
    return make(values.astype(np.float32), positions=positions, spacing=pixel, row=row, column=column)


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
@pytest.mark.parametrize("orientation", ["LPS", "RAS", "SLP"])
def test_sampled_values_lie_where_the_grid_says(make_volume: Make, acquisition: str, orientation: str) -> None:
    volume = field_volume(make_volume, acquisition, [2.5] * 15)
    sampling = sampling_of(volume.stack, (1.5, 2.0, 2.5), orientation)
    values = sampling.onto_grid(lambda k: np.asarray(volume.slices[k]), -5000)
    assert values.shape == sampling.grid.shape_kji
    assert sampling.grid.spacing_mm == pytest.approx((1.5, 2.0, 2.5))
    letters = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
    for column, letter in enumerate(orientation):
        axis, sign = letters[letter]
        assert sampling.grid.directions[axis, column] * sign > 0.7
    nk, nj, ni = values.shape
    k, j, i = (g.ravel() for g in np.meshgrid(range(2, nk - 2), range(2, nj - 2), range(2, ni - 2), indexing="ij"))
    k, j, i = k[::41], j[::41], i[::41]
    lps = sampling.grid.lps(np.stack([i, j, k], axis=-1))
    around = [
        np.zeros(3),
        *(s * 2.5 * a for a in (volume.stack.row_direction, volume.stack.column_direction) for s in (-1, 1)),
    ]
    around += [a + s * 2.5 * volume.stack.normal for a in around for s in (-1, 1)]
    whole = np.array([all(volume.stack.nearest_ijk(p + a) is not None for a in around) for p in lps])
    sampled = values[k, j, i]
    assert whole.sum() > 0.3 * len(lps)
    assert np.abs(sampled - lps @ SLOPE)[whole].max() < 0.3


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
def test_several_threads_give_the_very_same_values(
    make_volume: Make, monkeypatch: pytest.MonkeyPatch, acquisition: str
) -> None:
    monkeypatch.setattr(narrowing_module, "_WORTH_THREADS", 0)
    volume = field_volume(make_volume, acquisition, [3, 3, 3, 1.2, 5, 5, 5])
    sampling = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS")
    alone = sampling.onto_grid(lambda k: np.asarray(volume.slices[k]), -1024)
    for threads in (2, 3, 8):
        together = sampling.onto_grid(lambda k: np.asarray(volume.slices[k]), -1024, threads=threads)
        assert np.array_equal(alone, together)


@pytest.mark.parametrize("gaps", [[0.6] * 25, [3, 3, 3, 1.2, 5, 5, 5], [40, 40]])
def test_planes_made_one_by_one_are_those_made_together(
    make_volume: Make, monkeypatch: pytest.MonkeyPatch, gaps: Any
) -> None:
    volume = field_volume(make_volume, "tilted", gaps)
    sampling = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS")
    together = sampling.onto_grid(lambda k: np.asarray(volume.slices[k]), -1024)
    for points in (1, 20_000):
        monkeypatch.setattr(narrowing_module, "_POINTS_AT_ONCE", points)
        assert np.array_equal(together, sampling.onto_grid(lambda k: np.asarray(volume.slices[k]), -1024))


def test_a_slice_that_cannot_be_had_fails_in_whatever_thread(
    make_volume: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing_module, "_WORTH_THREADS", 0)
    volume = field_volume(make_volume, "axial", [3] * 9)
    sampling = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS")

    def image(k: int) -> Any:
        if k == 8:
            raise ValueError("slice 8")
        return np.asarray(volume.slices[k])

    with pytest.raises(ValueError, match="slice 8"):
        sampling.onto_grid(image, 0.0, threads=3)


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
def test_values_come_back_to_the_original_pixels(make_volume: Make, acquisition: str) -> None:
    volume = field_volume(make_volume, acquisition, [3, 3, 3, 3, 1.2, 5, 5, 5, 5])
    sampling = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS")
    nk, nj, ni = sampling.shape_kji
    k, j, i = np.indices((nk, nj, ni))
    values = (sampling.grid.lps(np.stack([i, j, k], axis=-1)) @ SLOPE).astype(np.float32)
    returned = sampling.onto_slices(values, -1e9)
    assert returned is not None
    first, back = returned
    assert first == (0, 0, 0)
    assert back.shape == volume.slices.shape
    error = np.abs(back - volume.slices)[1:-1, 3:-3, 3:-3]
    assert error.max() < 0.02


def test_only_the_box_that_can_matter_comes_back(make_volume: Make) -> None:
    volume = field_volume(make_volume, "axial", [2.0] * 19)
    sampling = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS")
    values = np.zeros(sampling.shape_kji, np.float32)
    values[8:11, 10:13, 7:9] = 1
    whole = sampling.onto_slices(values, -1)
    part = sampling.onto_slices(values, 0.5)
    assert whole is not None
    assert part is not None
    (i, j, k), box = part
    assert box.size < whole[1].size / 50
    cut = np.zeros(whole[1].shape, dtype=bool)
    cut[k : k + box.shape[0], j : j + box.shape[1], i : i + box.shape[2]] = box >= 0.5
    assert np.array_equal(cut, whole[1] >= 0.5)
    assert sampling.onto_slices(values, 2) is None


def test_noise_is_averaged_where_the_grid_is_coarser(make_volume: Make) -> None:
    noise = np.random.default_rng(1).normal(0, 20, (40, 100, 100)).astype(np.float32)
    volume = make_volume(noise, positions=[[0, 0, 0.5 * z] for z in range(40)], spacing=(0.5, 0.5))
    sampled = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS").onto_grid(lambda k: np.asarray(volume.slices[k]), 0)
    assert sampled.std() < 4


def test_outside_the_slices_is_filled_and_the_last_slice_is_not_darkened(make_volume: Make) -> None:
    positions = np.array([[0, 0.5 * z, z] for z in np.arange(0, 40, 4.0)])
    volume = make_volume(np.full((10, 30, 30), 40, np.float32), positions=positions)
    sampled = sampling_of(volume.stack, (2.0, 2.0, 2.0), "LPS").onto_grid(lambda k: np.asarray(volume.slices[k]), -1024)
    assert sampled.max() == pytest.approx(40, abs=1e-3)
    assert sampled.min() == pytest.approx(-1024, abs=1e-3)
    assert sampled[0, 5, 5] == pytest.approx(40, abs=1e-3)
    assert sampled[-1, -5, 5] == pytest.approx(40, abs=1e-3)
