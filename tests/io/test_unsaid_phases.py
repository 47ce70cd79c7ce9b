"""Images that do not say which phase they are of, beside phases that are told apart by what the others say."""

from __future__ import annotations

from typing import Any

from tests.io.parts import opened
from tests.io.test_phases import holds_phase, write
from viewer.domain.geometry import Verdict


def test_images_that_do_not_say_their_phase_are_no_phase_of_their_own_that_is_trusted(made_ct: Any) -> None:
    silent = {(0, 4), (2, 2)}
    write(made_ct, 3, lambda p, k: {} if (p, k) in silent else {"TemporalPositionIdentifier": str(p + 1)})
    volumes = {volume.part: volume for volume in opened(made_ct)}
    assert [part for part, v in volumes.items() if v.verdict is Verdict.UNTRUSTED] == [
        "phase 1 of 4",
        "phase 2 of 4",
        "phase 4 of 4",
    ]
    assert "These images do not say what tells the other parts apart" in " ".join(volumes["phase 1 of 4"].reasons)
    assert "1 image that may be of this part does not say so." in volumes["phase 2 of 4"].reasons


def test_a_phase_that_alone_is_not_numbered_is_trusted_where_the_others_are_whole(made_ct: Any) -> None:
    write(made_ct, 3, lambda p, _: {"TemporalPositionIdentifier": str(p + 1)} if p else {})
    assert all(holds_phase(made_ct, volume, p) for p, volume in enumerate(opened(made_ct)))
