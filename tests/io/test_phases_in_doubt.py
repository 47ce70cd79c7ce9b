"""Several images at one place where copies, short scans or a second clock make it harder to tell phases apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.parts import entries, opened
from tests.io.test_phases import holds_phase, write


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime", "TriggerTime"])
def test_two_kernels_are_not_mixed_where_two_computers_took_turns_in_making_both(made_ct: Any, clock: str) -> None:
    write(made_ct, 2, lambda p, k: {"ConvolutionKernel": ("SOFT", "BONE")[1 - p], clock: f"1015{(p + k) % 2:02}"})
    assert [e.part for e in entries(made_ct)] == ["kernel BONE", "kernel SOFT"]
    assert all(holds_phase(made_ct, volume, p) for p, volume in enumerate(opened(made_ct)))
