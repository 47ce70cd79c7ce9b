"""Small DICOM series for services, made as those of the io tests are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.io.conftest import made_ct  # noqa: F401 (a fixture)
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.labels import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume


@pytest.fixture
def finding_on() -> Callable[[Volume], Finding]:
    """Return a function that outlines a small cube on a volume."""

    def make(volume: Volume) -> Finding:
        mask = Mask((3, 3, 1), np.ones((2, 3, 3), dtype=bool))
        centre = volume.stack.lps((4, 4, 1.5))
        return Finding(
            id="cube",
            tracking_uid="2.25.1",
            label_key="cube",
            label="Cube",
            source=Source(SourceKind.MODEL, "Test model"),
            centre_lps_mm=centre,
            bounds_lps_mm=np.stack([centre - 2, centre + 2], axis=1),
            mask=mask,
        )

    return make
