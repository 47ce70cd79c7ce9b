"""A series while it is read: what is looked at first, the rest around it, told and stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from tests.io.conftest import axial
from viewer.domain.errors import CancelledError, UnreadableFileError
from viewer.domain.job import JobContext, Progress
from viewer.io.assemble import assemble
from viewer.io.decoders import Decoders
from viewer.io.read_slices import Onlooker, read_slices
from viewer.io.reading_order import ReadingOrder
from viewer.io.scan import scan
from viewer.io.watcher import Watcher

if TYPE_CHECKING:
    from viewer.domain.volume import Volume


class Seen(Watcher):
    """Notes what a watcher is shown."""

    def __init__(self, steer: int | None = None) -> None:
        self.volume: Any = None
        self.counts: list[int] = []
        self.first: list[bool] = []
        self._steer = steer

    def begun(self, volume: Volume, order: Any) -> None:
        self.volume = volume
        assert volume.arrived is not None
        self.first = list(volume.arrived)
        if self._steer is not None:
            order.focus = self._steer

    def grown(self) -> None:
        self.counts.append(self.volume.slices_in)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"])
def test_middle_slice_is_in_first_and_the_volume_grows_in_its_place(made_ct: Any, syntax: str) -> None:
    stored = made_ct.stack(axial(5), syntax=syntax)
    (entry,) = scan(made_ct.folder, JobContext()).series
    seen = Seen()
    volume = assemble(entry, JobContext(), seen)
    assert seen.first[2]
    growing = seen.volume
    assert growing.preview
    assert not growing.measurable
    assert np.allclose(growing.stack.positions_lps_mm, axial(5))
    assert not volume.preview
    assert np.shares_memory(growing.slices, volume.slices)
    assert np.array_equal(volume.slices, np.stack(stored) - 1024)


def test_what_has_not_been_read_has_no_value(made_ct: Any) -> None:
    made_ct.stack(axial(5))
    (entry,) = scan(made_ct.folder, JobContext()).series
    seen = Seen()
    volume = assemble(entry, JobContext(), seen)
    only_third = evolve(volume, arrived=np.array([False, False, True, False, False]))
    assert only_third.value_at(axial(5)[2]) == volume.value_at(axial(5)[2])
    assert only_third.value_at(axial(5)[1]) is None


def test_slices_around_what_is_looked_at_are_read_first() -> None:
    order = ReadingOrder(10, 5)
    assert [order.next() for _ in range(4)] == [5, 6, 4, 7]
    order.focus = 9
    assert [order.next() for _ in range(3)] == [9, 8, 3]
    order.focus = -3
    assert [order.next() for _ in range(4)] == [0, 1, 2, None]


def test_neighbours_read_together_lie_on_one_side_and_none_is_read_twice() -> None:
    order = ReadingOrder(10, 5)
    assert order.next() == 5
    assert order.next_run(3) == [6, 7, 8]
    assert order.next_run(3) == [4, 3, 2]
    order.focus = 0
    assert order.next_run(3) == [0, 1]
    assert order.next_run(3) == [9]
    assert order.next_run(3) == []


def test_every_slice_is_in_however_many_are_read_together(made_ct: Any) -> None:
    stored = made_ct.stack(axial(61))
    (entry,) = scan(made_ct.folder, JobContext()).series
    for _ in range(20):
        volume = assemble(entry, JobContext())
        assert np.array_equal(volume.slices, np.stack(stored) - 1024)


def test_slices_wait_while_the_first_image_is_brought_to_the_screen_but_not_for_ever() -> None:
    order = ReadingOrder(3, 1)
    given: list[int | None] = [order.next()]
    order.hold(60.0)
    reader = threading.Thread(target=lambda: given.append(order.next()))
    reader.start()
    reader.join(0.05)
    assert given == [1]
    order.go_on()
    reader.join(5.0)
    assert given == [1, 2]
    order.hold(0.01)
    assert order.next() == 0


def test_progress_is_told_in_slices(made_ct: Any) -> None:
    made_ct.stack(axial(3))
    (entry,) = scan(made_ct.folder, JobContext()).series
    told: list[Progress] = []
    assemble(entry, JobContext(told.append))
    assert told[-1] == Progress(3, 3, "Reading slice 3 of 3")
    assert told[0].what == "Reading slice 1 of 3"


def test_cancel_stops_between_slices_and_leaves_no_thread(made_ct: Any) -> None:
    made_ct.stack(axial(6))
    (entry,) = scan(made_ct.folder, JobContext()).series
    asked = iter([False, False, True])
    before = threading.active_count()
    with pytest.raises(CancelledError):
        assemble(entry, JobContext(cancelled=lambda: next(asked, True)))
    assert threading.active_count() == before


class TheOtherWayRound(Decoders):
    """Gives the images that it was asked for in reverse, so many at a time; leaves out or refuses the first."""

    def __init__(self, at_once: int, first: str) -> None:
        super().__init__(1)
        self._at_once, self._first = at_once, first

    def read(self, frames: Any, memory: Any, next_turn: Any, on_slice: Any, ctx: Any, **_: Any) -> None:
        turns = list(iter(next_turn, None))
        for n in range(0, len(turns), self._at_once):
            for k in reversed(turns[n : n + self._at_once]):
                late = self._first == "late" and k == turns[0]
                if not late:
                    memory.values[k] = k
                    on_slice(k, UnreadableFileError("Bad.") if self._first == "fails" and k == turns[0] else "")


@pytest.mark.parametrize(
    ("first", "shown"),
    [("last of three", [4, 5, 6]), ("fails", [4, 6, 8]), ("late", [1, 2, 3, 4, 6, 7, 8, 9])],
)
def test_nothing_is_shown_before_the_slice_that_is_wanted_first_unless_it_does_not_come(
    made_ct: Any, first: str, shown: list[int]
) -> None:
    made_ct.stack(axial(11), syntax="1.2.840.10008.1.2.4.80")
    (entry,) = scan(made_ct.folder, JobContext()).series
    begun: list[list[int]] = []

    class Noting(Onlooker):
        def begun(self, values: Any, arrived: Any, order: Any) -> None:
            begun.append(np.flatnonzero(arrived).tolist())

    with TheOtherWayRound(3, first) as decoders:
        read_slices(entry.frames, JobContext(), decoders, Noting())
    assert begun == [shown]
