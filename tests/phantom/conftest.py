"""Phantoms made once for all tests of this folder."""

from __future__ import annotations

import pytest

from viewer.phantom import Bleed, Nodule, Phantom, make_chest, make_head

COARSE_MM = (3.0, 3.0, 3.0)


@pytest.fixture(scope="session")
def head() -> Phantom:
    """Return a coarse head with one bleed of each kind."""
    bleeds = (
        Bleed("epidural", 20.0, (50.0, -10.0, 20.0), seed=1),
        Bleed("subdural", 15.0, (-50.0, 10.0, 25.0), seed=2),
        Bleed("intraparenchymal", 6.0, (24.0, 30.0, 20.0), seed=3),
    )
    return make_head(5, spacing_mm=COARSE_MM, size_ij=78, bleeds=bleeds)


@pytest.fixture(scope="session")
def chest() -> Phantom:
    """Return a coarse chest with two nodules."""
    nodules = (
        Nodule("solid-nodule", 22.0, (-80.0, 0.0, 10.0), hu=45.0, seed=1),
        Nodule("spiculated-nodule", 16.0, (80.0, 20.0, 40.0), hu=45.0, seed=2),
    )
    return make_chest(5, spacing_mm=COARSE_MM, size_ij=120, nodules=nodules)
