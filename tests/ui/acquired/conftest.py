"""A block of tilted, unevenly spaced slices, looked at as it was acquired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.tilted_series import tilted_volume
from tests.ui.acquired.hands import GAPS_MM
from tests.ui.looking import shown_canvas
from viewer.domain.view_state import as_point, overview

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.canvas import Canvas
    from viewer.ui.theme import Theme


@pytest.fixture(scope="package")
def tilted() -> Volume:
    """Return a head-sized block of noise on 14 tilted slices, unevenly spaced."""
    return tilted_volume(gaps_mm=GAPS_MM, size=(160, 140))


@pytest.fixture
def looking(session: Session, tilted: Volume) -> Session:
    """Return a session that looks at the middle slice as it was acquired."""
    session.findings = ()
    session.volume = tilted
    middle = as_point(tilted.stack.lps((80, 70, 7)))
    session.view = evolve(overview("1.2.3", tilted.grid), acquired=True, cursor_lps_mm=middle)
    return session


@pytest.fixture
def canvas(qtbot: QtBot, looking: Session, theme: Theme) -> Canvas:
    return shown_canvas(qtbot, looking, theme)
