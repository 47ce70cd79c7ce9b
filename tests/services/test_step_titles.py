"""What steps are called after what they show."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.finding import Finding, Localisation, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.services.step_titles import finding_title


def aside() -> Volume:
    """Return images of a body that lies in the right half of what was scanned."""
    stack = SliceStack((60, 60), (4.0, 4.0), (1, 0, 0), (0, 1, 0), [(-120.0, -120.0, 5.0 * k) for k in range(20)])
    values = np.full(stack.shape_kji, -1000, dtype=np.int16)
    values[:, 10:50, 2:28] = 40
    volume = Volume(SeriesFacts("1.2.3", modality="CT", body_part="CHEST"), values, stack, values, stack.as_grid())
    return evolve(volume, body_lps_mm=np.array([[-112.0, -12.0], [-80.0, 80.0], [0.0, 95.0]]))


@pytest.mark.parametrize("how", list(Localisation))
def test_only_what_has_a_place_is_called_by_its_side(how: Localisation) -> None:
    volume = aside()
    centre = volume.stack.lps((29.5, 29.5, 9))
    finding = Finding(
        "f", "2.25.1", "x", "Bleed", Source(SourceKind.MODEL, "M"), centre,
        np.stack([centre, centre], axis=1), score=0.9, localisation=how,
    )  # fmt: skip
    placed = how not in (Localisation.SERIES, Localisation.SLICES)
    assert finding_title(finding, volume) == ("Bleed, left" if placed else "Bleed")
