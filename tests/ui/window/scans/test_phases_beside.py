"""A series of two phases in the window: the other phase is offered to be compared with the open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.window.scans.listed import JANE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.io.conftest import MadeCt
    from viewer.ui.main_window import MainWindow


@pytest.mark.parametrize("apart", [False, True], ids=["in one folder", "in folders of their own"])
def test_another_phase_of_the_open_series_is_offered_to_be_compared_with(
    window: MainWindow, made: MadeCt, rest: Callable[[], None], apart: bool
) -> None:
    for phase in (1, 2):
        folder = f"phase{phase}" if apart else "both"
        for k in range(4):
            made.slice(
                f"{folder}/{phase}{k}", made.pixels(k) + phase, (0, 0, 2.0 * k), series="7",
                SeriesDescription="Liver", TemporalPositionIdentifier=str(phase), **JANE,
            )  # fmt: skip
    window.open_paths([made.folder / f"phase{n}" for n in (1, 2)] if apart else [made.folder])
    rest()
    library, lines = window.desk.library, window.library.scans.lines
    first, second = sorted(lines.series_ids, key=lambda n: library.series([n])[n].first)
    library.open_series(first)
    rest()
    window.actions_.run("compare.choose")
    sheet = window.compared.sheet
    assert sheet is not None
    assert sheet.lines.series_ids == (second,)
    sheet._choose_marked()
    rest()
    here, there = window.desk.session.volume, window.desk.other.session.volume
    assert here is not None
    assert there is not None
    assert (there.slices - here.slices == 1).all()
