"""The synthetic chests of the demo models: how a training scan is made, and the frozen test set.

Fixed before anything was scored; seeds from 60,000 are used for nothing else.
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
_THICKNESS_MM = (1.0, 1.5, 2.0, 3.0)
_CONTRASTS = ("none", "arterial", "none", "venous")


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
    for key in NAMES:
        for size in _SIZES_MM:
            cases += [_case(len(cases) + n, key, ((key, size),)) for n in range(2)]
    rng = np.random.default_rng(60_000)
    for n in range(len(cases), len(cases) + 8):
        cases.append(_case(n, "several", tuple((str(rng.choice(list(NAMES))), _SIZES_MM[m]) for m in (1, 2, 0))))
    cases += [_case(n, "none", ()) for n in range(len(cases), len(cases) + 8)]
    cases += [_case(n, "mimics", ()) for n in range(len(cases), len(cases) + 8)]
    return tuple(cases)


def _case(number: int, stratum: str, wanted: tuple[tuple[str, tuple[float, float]], ...]) -> ChestCase:
    seed = 60_000 + number
    thickness = _THICKNESS_MM[number % 4]
    kernel = "lung" if number % 3 == 1 else "soft"
    dose = "low" if number % 5 in (1, 3) else "standard"
    contrast = _CONTRASTS[number // 4 % 4] if stratum not in ("none", "mimics") else _CONTRASTS[number % 4]
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
