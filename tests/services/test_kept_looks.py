"""How scans were looked at last is how they open, also after the program was started again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import SliceStack
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Comparison, Layout, ViewName, ViewState
from viewer.domain.volume import SeriesFacts, Volume
from viewer.services.kept_looks import keep_looks
from viewer.services.settings import Settings
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from pathlib import Path


def a_volume(uid: str, *, unit: str = "HU", slices: int = 6) -> Volume:
    stack = SliceStack((8, 8), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(slices)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    return Volume(SeriesFacts(uid), values, stack, values, stack.as_grid(), unit=unit)


class Program:
    """What is open in a program with its settings in a file."""

    def __init__(self, path: Path) -> None:
        self.session, self.opening = Session(), SimpleNamespace()
        self.session.workspace = Workspace.REVIEW
        keep_looks(self.session, Settings(path), self.opening)

    def open(self, volume: Volume) -> ViewState:
        self.session.view = None
        self.session.volume = volume
        self.session.view = self.opening.usual.on(volume, view_of_volume(volume))
        return self.view

    @property
    def view(self) -> ViewState:
        assert self.session.view is not None
        return self.session.view

    def look(self, **changes: Any) -> None:
        self.session.view = evolve(self.view, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_layout_and_colours_are_those_of_the_last_scan_at_the_next_start(path: Path) -> None:
    program = Program(path)
    program.open(a_volume("1.1", unit="SUV"))
    program.look(layout=Layout.STAGE, main=ViewName.CORONAL)
    program.look(colours="hot_iron")
    again = Program(path)
    shown = again.open(a_volume("1.2", unit="SUV"))
    assert (shown.layout, shown.main, shown.colours) == (Layout.STAGE, ViewName.CORONAL, "hot_iron")
    assert again.open(a_volume("1.3")).colours == "grey"


def test_what_nobody_chose_for_its_own_sake_is_not_kept(path: Path) -> None:
    program = Program(path)
    program.open(a_volume("1.1"))
    program.look(comparison=Comparison.BESIDE, layout=Layout.SINGLE)
    program.look(layout=Layout.STAGE)
    program.look(comparison=Comparison.OFF, layout=Layout.FOUR)
    assert Program(path).open(a_volume("1.2")).layout is Layout.FOUR
    program.session.workspace = Workspace.PRESENT
    program.look(layout=Layout.STAGE)
    assert Program(path).open(a_volume("1.2")).layout is Layout.FOUR


def test_one_slice_stays_in_its_own_plane_and_says_nothing_of_the_next_scan(path: Path) -> None:
    program = Program(path)
    program.open(a_volume("1.1"))
    program.look(layout=Layout.STAGE, main=ViewName.THREE_D)
    single = program.open(a_volume("1.2", slices=1))
    assert (single.layout, single.main) == (Layout.SINGLE, ViewName.AXIAL)
    program.look(main=ViewName.CORONAL)
    assert Program(path).open(a_volume("1.3")).main is ViewName.THREE_D


def test_settings_that_make_no_sense_are_as_if_nothing_was_chosen(path: Path) -> None:
    path.write_text('{"layout": "nine", "main_view": "axial", "colours": "mauve", "interpolation": "wild"}')
    shown = Program(path).open(a_volume("1.1", unit="SUV"))
    assert (shown.layout, shown.colours) == (Layout.FOUR, "grey")
