"""The frozen test sets of the demo models: which unseen scans they are measured on, and in which strata.

Fixed before anything was scored; seeds from 50,000 are used for nothing else. Every case says what was put in and how
it was scanned, so that the numbers can be taken apart afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve, frozen
from demo_model_chests import lung_nodule_cases as chest_cases

from viewer.phantom import Phantom, make_head
from viewer.phantom.head_artefacts import Artefacts
from viewer.phantom.head_bleeds import drawn_bleed, drawn_bleeds
from viewer.phantom.head_brain import BrainLook

_THICKNESS_MM = (0.6, 1.25, 2.5, 5.0, 7.0, 3.0)
_HEAD_SIZES_ML = ((0.2, 1.0), (1.0, 5.0), (5.0, 20.0), (20.0, 80.0))
_HEAD_KINDS = ("epidural", "subdural", "intraparenchymal", "subarachnoid", "intraventricular")


@frozen
class TestCase:
    """One scan of a test set: its seed, what stratum it stands for, how it was scanned, and how to make it.

    `contrast` and `dose` are "" where scans do not differ in them.
    """

    seed: int
    stratum: str
    thickness_mm: float
    kernel: str
    tilt_deg: float
    make: Callable[[], Phantom]
    contrast: str = ""
    dose: str = ""


def head_bleed_cases() -> tuple[TestCase, ...]:
    """Return 64 heads: 40 with one bleed (5 kinds × 4 sizes × 2), 8 with several, 8 without, 8 without but mimics."""
    cases = []
    for kind in _HEAD_KINDS:
        for low, high in _HEAD_SIZES_ML:
            for _ in range(2):
                cases.append(_head(len(cases), kind, (low, high)))
    cases += [_head(n, "several") for n in range(len(cases), len(cases) + 8)]
    cases += [_head(n, "none") for n in range(len(cases), len(cases) + 8)]
    cases += [_head(n, "mimics") for n in range(len(cases), len(cases) + 8)]
    return tuple(cases)


def _head(number: int, stratum: str, size_ml: tuple[float, float] = (0.0, 0.0)) -> TestCase:
    seed = 50_000 + number
    thickness = _THICKNESS_MM[number % len(_THICKNESS_MM)]
    kernel = "bone" if number % 5 == 2 else "soft"
    tilt = (-18.0, 12.0)[number // 7 % 2] if number % 7 == 3 else 0.0
    rng = np.random.default_rng([seed, 200])
    look: BrainLook | None = None
    artefacts: Artefacts | None = None
    if stratum == "several":
        bleeds = next(b for b in (drawn_bleeds(rng) for _ in range(200)) if len(b) >= 2)
    elif stratum in ("none", "mimics"):
        bleeds = ()
        if stratum == "mimics":
            look = evolve(
                BrainLook.drawn(rng), basal_ganglia=0.9 * (number % 2), falx=0.9 * (number % 3 > 0), vein_hu=64.0,
                calcium_hu=float(rng.uniform(64, 110)), choroid=0.9, pineal=0.9,
            )  # fmt: skip
            artefacts = evolve(Artefacts.drawn(rng), hardening=2.6, motion_mm=2.0 if number % 2 else 0.0)
    else:
        volume = float(np.exp(rng.uniform(*np.log(size_ml))))
        largest = 30.0 if stratum in ("subarachnoid", "intraventricular") else 80.0
        bleeds = (drawn_bleed(rng, stratum, min(volume, largest)),)

    def make() -> Phantom:
        return make_head(
            seed, spacing_mm=(0.9, 0.9, thickness), size_ij=258, bleeds=bleeds, kernel=kernel, tilt_deg=tilt,
            look=look, artefacts=artefacts,
        )  # fmt: skip

    return TestCase(seed, stratum, thickness, kernel, tilt, make)


def lung_nodule_cases() -> tuple[TestCase, ...]:
    """Return the chests of `demo_model_chests.py`."""
    return tuple(
        TestCase(c.seed, c.stratum, c.thickness_mm, c.kernel, 0.0, c.make, c.contrast, c.dose) for c in chest_cases()
    )


TEST_SETS: dict[str, Callable[[], tuple[TestCase, ...]]] = {
    "head-bleed": head_bleed_cases,
    "lung-nodule": lung_nodule_cases,
}
SIZES_ML = {"head-bleed": (0.0, 1.0, 5.0, 20.0, 1e9), "lung-nodule": (0.0, 0.113, 0.5, 4.0, 1e9)}
LEAST_TRUTH_ML = {"head-bleed": 0.1, "lung-nodule": 0.02}
