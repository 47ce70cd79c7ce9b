"""The synthetic scans of the demo models: which seeds, how each was scanned, and both on the model's own grid.

Training, validation (for the calibration and nothing else) and test seeds are apart for good. A scan is made as a
scanner would make it (slices of 0.6 to 7 mm, two kernels, noise, artefacts, sometimes a tilted gantry) and brought onto
the grid of 2 mm by the very code that prepares a model's input in the program.

    python packaging/demo_model_data.py head-bleed --cache build/train --part 0 --parts 2

fills the cache of one of two processes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_model_chests import chest_scan

from viewer.analysis.sampling import sampling_of
from viewer.phantom import Phantom, make_head
from viewer.phantom.as_volume import volume_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SPACING_MM = 2.0
TRAIN_SEEDS = {"head-bleed": range(10_000, 10_150), "lung-nodule": range(20_000, 20_112)}
VALIDATION_SEEDS = {"head-bleed": range(30_000, 30_024), "lung-nodule": range(40_000, 40_024)}


def head_scan(seed: int) -> Phantom:
    """Return the head of a seed, scanned as the seed says."""
    rng = np.random.default_rng([seed, 100])
    thickness = float(np.exp(rng.uniform(np.log(0.8), np.log(7.0))))
    kernel = "bone" if rng.random() < 0.2 else "soft"
    tilt = float(rng.uniform(-20.0, 20.0)) if rng.random() < 0.15 else 0.0
    return make_head(seed, spacing_mm=(1.2, 1.2, thickness), size_ij=194, kernel=kernel, tilt_deg=tilt, lattice_mm=2.5)


SCANS: dict[str, Callable[[int], Phantom]] = {"head-bleed": head_scan, "lung-nodule": chest_scan}


def on_grid(phantom: Phantom, spacing_mm: float = SPACING_MM) -> tuple[np.ndarray, np.ndarray]:
    """Return HU (int16) and truth (uint8) on the grid that the program would feed the model from, `[k, j, i]`."""
    volume = volume_of(phantom)
    sampling = sampling_of(volume.stack, (spacing_mm,) * 3, "LPS")
    hu = sampling.onto_grid(lambda k: phantom.voxels_hu[k].astype(np.float32), -1024.0)
    truth = np.zeros(hu.shape, np.uint8)
    for lesion in phantom.lesions:
        marked = phantom.truth == lesion.label_value
        share = sampling.onto_grid(lambda k, marked=marked: marked[k].astype(np.float32), 0.0)
        # A small lesion keeps its heart, though no voxel of the coarse grid lies in it to the half.
        truth[share >= min(0.5, 0.7 * float(share.max()))] = lesion.label_value
    return np.rint(hu).astype(np.int16), truth


def cached(model: str, seed: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return HU (int16) and truth (uint8) of one seed, `[k, j, i]`, made once and kept on disk."""
    path = folder / f"{model}-{seed}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        hu, truth = on_grid(SCANS[model](seed))
        part = path.with_suffix(".part.npz")
        np.savez(part, hu=hu, truth=truth)
        part.rename(path)
        print("made", path.name, flush=True)
    with np.load(path) as kept:
        return kept["hu"], kept["truth"]


def main() -> None:
    """Read the command line and fill the cache."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(SCANS))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--part", type=int, default=0, help="which of the processes this is")
    parser.add_argument("--parts", type=int, default=1, help="how many processes share the work")
    arguments = parser.parse_args()
    seeds: Iterable[int] = [*TRAIN_SEEDS[arguments.model], *VALIDATION_SEEDS[arguments.model]]
    for n, seed in enumerate(seeds):
        if n % arguments.parts == arguments.part:
            cached(arguments.model, seed, arguments.cache)


if __name__ == "__main__":
    main()
