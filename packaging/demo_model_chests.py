"""The synthetic chests of the demo models: how a training scan is made, and the frozen test set.

Fixed before anything was scored; seeds from 60,000 are used for nothing else. Two sets before this one are spent: in
the first (60,000 to 60,063) contrast medium went along with size by mistake, and on the second (61,000 to 61,063)
outlines were seen to be too wide.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve, frozen

from viewer.phantom import Phantom, make_chest
from viewer.phantom.chest_nodules import NAMES

# Coarser than the cases of the library, so that a hundred of them are made in minutes.
LATTICE_MM = 3.2
_SIZES_MM = ((3.5, 6.0), (6.0, 10.0), (10.0, 20.0), (20.0, 35.0))
# How ten or eight scans of a stratum are made: dealt out anew for each, so that none of it goes along with size.
_THICKNESS_MM = (1.0, 1.5, 2.0, 3.0, 1.5, 2.0, 3.0, 1.0, 2.0, 3.0)
_CONTRASTS = ("none", "arterial", "venous", "none", "arterial", "none", "venous", "none", "arterial", "none")
_DOSES = ("low", "standard", "standard", "low", "standard", "standard", "low", "standard", "low", "standard")
_KERNELS = ("soft", "lung", "soft", "soft", "lung", "soft", "soft", "lung", "soft", "soft")


@frozen
class ChestCase:
    """One test scan: its seed, what stratum it stands for, how it was scanned, and how to make it."""

    seed: int
    stratum: str
    thickness_mm: float
    kernel: str
    dose: str
    contrast: str
    make: Callable[[], Phantom]


def nodules_alone(phantom: Phantom) -> Phantom:
    """Return the phantom with nodules as its only lesions: emboli are none of this model's business."""
    return evolve(phantom, lesions=tuple(lesion for lesion in phantom.lesions if lesion.key in NAMES))


def chest_scan(seed: int) -> Phantom:
    """Return the chest of a seed for training, scanned as the seed says: slices of 1 to 3 mm, any kernel and dose."""
    rng = np.random.default_rng([seed, 100])
    thickness = float(np.exp(rng.uniform(np.log(1.0), np.log(3.0))))
    kernel = "lung" if rng.random() < 0.3 else "soft"
    dose = "low" if rng.random() < 0.35 else "standard"
    made = make_chest(
        seed, spacing_mm=(1.4, 1.4, thickness), size_ij=258, dose=dose, kernel=kernel, lattice_mm=LATTICE_MM
    )
    return nodules_alone(made)


def lung_nodule_cases() -> tuple[ChestCase, ...]:
    """Return 64 chests: 40 with one nodule (5 kinds × 4 sizes × 2), 8 with three, 8 without, 8 with mimics alone.

    All but those without have mimics too.
    """
    cases: list[ChestCase] = []
    rng = np.random.default_rng(62_000)

    def add(strata: list[tuple[str, tuple[tuple[str, tuple[float, float]], ...]]]) -> None:
        ways = [rng.permutation(len(strata)) for _ in range(4)]
        for n, (stratum, wanted) in enumerate(strata):
            thickness, contrast, dose, kernel = (int(way[n]) for way in ways)
            scan = (_THICKNESS_MM[thickness], _CONTRASTS[contrast], _DOSES[dose], _KERNELS[kernel])
            cases.append(_case(62_000 + len(cases), stratum, wanted, *scan))

    for size in _SIZES_MM:
        add([(key, ((key, size),)) for key in NAMES for _ in range(2)])
    add([("several", tuple((str(rng.choice(list(NAMES))), _SIZES_MM[m]) for m in (1, 2, 0))) for _ in range(8)])
    add([("none", ())] * 8)
    add([("mimics", ())] * 8)
    return tuple(cases)


def _case(
    seed: int,
    stratum: str,
    wanted: tuple[tuple[str, tuple[float, float]], ...],
    thickness: float,
    contrast: str,
    dose: str,
    kernel: str,
) -> ChestCase:
    rng = np.random.default_rng([seed, 200])
    kinds = tuple((key, float(np.exp(rng.uniform(*np.log(size))))) for key, size in wanted)

    def make() -> Phantom:
        made = make_chest(
            seed, spacing_mm=(1.2, 1.2, thickness), size_ij=300, nodule_kinds=kinds,
            mimics=() if stratum == "none" else None, breathed=False if stratum == "none" else None,
            contrast=contrast, dose=dose, kernel=kernel, lattice_mm=LATTICE_MM,
        )  # fmt: skip
        return nodules_alone(made)

    return ChestCase(seed, stratum, thickness, kernel, dose, contrast, make)
