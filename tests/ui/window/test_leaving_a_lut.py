"""Leaving a lookup table of the file is said at the bottom of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.voi_lut import LutTable, VoiLut
from viewer.ui.widgets import ElidedLabel

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


def said(window: MainWindow) -> str:
    return " ".join(label.whole for label in window.status.findChildren(ElidedLabel))


def test_dragging_away_from_a_lookup_table_says_so(opened: MainWindow) -> None:
    session = opened.desk.session
    assert session.volume is not None
    table = LutTable(0, 12, np.arange(100, dtype=np.uint16))
    session.volume = evolve(session.volume, luts=(VoiLut("NORMAL", (table,), (0,) * session.volume.stack.count),))
    opened.actions_.run("view.file_lut_1")
    assert "NORMAL" not in said(opened)
    assert session.view is not None
    session.view = session.view.windowed(40, 400)
    assert "lookup table “NORMAL” was left" in said(opened)
