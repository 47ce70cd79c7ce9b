"""Opening as its user sees it: the first image, the rest around what is looked at, cancel, a second choice."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import SliceStack
from viewer.domain.job import JobContext
from viewer.domain.session import Session, Workspace
from viewer.io import read_slices
from viewer.io.reading_order import ReadingOrder
from viewer.io.scan import scan
from viewer.services.jobs import JobRunner
from viewer.services.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.io.decoders import Decoders

COUNT = 30


class Gate:
    """Lets slices be read one by one, as from a slow disk."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self._may = threading.Semaphore(0)
        self._open = False
        self._fill: Any = read_slices.fill_shrunk

    def fill(self, out: Any, frame: Any, files: Any, shrink: int) -> str:
        if not self._open:
            assert self._may.acquire(timeout=20)
        note: str = self._fill(out, frame, files, shrink)
        self.order.append(frame.instance)
        return note

    def let(self, count: int) -> None:
        self._may.release(count)

    def open(self) -> None:
        self._open = True
        self._may.release(1000)


class Desk:
    """A session and an opening whose main thread is the test."""

    def __init__(self, decoders: Decoders) -> None:
        self.calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.runner = JobRunner(self.calls.put)
        self.session = Session()
        self.opening = Opening(self.session, self.runner, decoders)
        self.volumes: list[Volume] = []
        self.opened: list[Volume] = []
        self.progress: list[str] = []
        self.session.volume_changed.connect(lambda new, _old: self.volumes.append(new))
        self.opening.opened.connect(self.opened.append)
        self.opening.busy.connect(lambda progress: progress and self.progress.append(progress.what))

    def until_opened(self, count: int) -> None:
        """Run what comes home until so many volumes were opened."""
        self.until(lambda: len(self.opened) == count)

    def until(self, true: Callable[[], bool]) -> None:
        """Run what comes home until something is true."""
        end = time.monotonic() + 20
        while not true():
            assert time.monotonic() < end
            try:
                self.calls.get(timeout=0.05)()
            except queue.Empty:
                continue


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(read_slices, "fill_shrunk", made.fill)
    monkeypatch.setattr(read_slices, "_THREADS", 1)
    monkeypatch.setattr(read_slices, "_TELL_EVERY_S", 0.0)
    return made


@pytest.fixture
def desk(shared_decoders: Decoders, gate: Gate) -> Iterator[Desk]:
    made = Desk(shared_decoders)
    yield made
    gate.open()
    made.runner.shutdown()


def entry_of(made_ct: Any, *, series: str = "1", shear: float = 0.0, count: int = COUNT) -> Any:
    folder = f"s{series}/"
    heights = [(-10.0, -20.0 + shear * k, 2.5 * k) for k in range(count)]
    for k in range(count):
        name = f"{folder}IM{k:03d}"
        made_ct.slice(name, made_ct.pixels(k), heights[k], series=series, InstanceNumber=str(k))
    (entry,) = scan(made_ct.folder / folder, JobContext()).series
    return entry


def test_slices_are_read_around_what_is_looked_at(made_ct: Any, desk: Desk, gate: Gate) -> None:
    entry = entry_of(made_ct)
    desk.opening.open_series(entry)
    gate.let(1)
    desk.until(lambda: desk.session.volume is not None)
    volume, view = desk.session.volume, desk.session.view
    assert volume is not None
    assert view is not None
    assert volume.preview
    assert gate.order == [volume.stack.nearest_slice(view.cursor_lps_mm)], "what is looked at is there"
    desk.session.view = evolve(view, cursor_lps_mm=(0.0, 0.0, 2.5 * 3))
    gate.let(6)
    desk.until(lambda: len(gate.order) >= 7)
    assert set(gate.order[2:7]) <= {1, 2, 3, 4, 5, 6}
    gate.open()
    desk.until(lambda: bool(desk.opened))
    assert desk.session.volume is desk.opened[0]
    assert not desk.opened[0].preview
    assert desk.session.view is not None
    assert desk.session.view.cursor_lps_mm == (0.0, 0.0, 7.5)


@pytest.mark.parametrize("gaps", [[2.5] * 28, [2.5] * 29, [0.7] * 31, [1.0] * 20 + [5.0] * 9, [5.0] * 8 + [1.0] * 22])
def test_the_slice_that_is_seen_first_is_read_first(made_ct: Any, desk: Desk, gate: Gate, gaps: list[float]) -> None:
    for k, height in enumerate(np.cumsum([0.0, *gaps]).tolist()):
        made_ct.slice(f"s1/IM{k:03d}", made_ct.pixels(k), (-10.0, -20.0, height), series="1", InstanceNumber=str(k))
    (entry,) = scan(made_ct.folder / "s1", JobContext()).series
    desk.opening.open_series(entry)
    gate.let(1)
    desk.until(lambda: desk.session.view is not None)
    volume, view = desk.session.volume, desk.session.view
    assert volume is not None
    assert view is not None
    assert gate.order == [volume.stack.nearest_slice(view.cursor_lps_mm)]


def test_where_what_is_looked_at_is_not_in_yet_reading_does_not_wait(
    made_ct: Any, desk: Desk, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    monkeypatch.setattr(ReadingOrder, "hold", lambda _order, _s: held.append("held"))
    monkeypatch.setattr(ReadingOrder, "go_on", lambda _order: held.append("goes on"))
    entry = entry_of(made_ct)
    monkeypatch.setattr(SliceStack, "middle_slice", COUNT // 2 + 3)
    desk.opening.open_series(entry)
    gate.let(1)
    desk.until(lambda: desk.session.view is not None)
    assert held == ["held", "goes on"]


def test_tilted_series_is_shown_on_its_grid_while_it_is_read(made_ct: Any, desk: Desk, gate: Gate) -> None:
    entry = entry_of(made_ct, shear=0.7)
    desk.opening.open_series(entry)
    gate.let(12)
    desk.until(lambda: desk.session.slices_in >= 10)
    growing = desk.session.volume
    assert growing is not None
    assert growing.preview
    assert growing.regridded
    there = np.flatnonzero((growing.voxels != growing.padding).any(axis=(1, 2)))
    assert 0 < len(there) <= 12
    gate.open()
    desk.until(lambda: bool(desk.opened))
    whole = desk.opened[0]
    assert np.shares_memory(whole.voxels, growing.voxels)
    assert (whole.voxels != whole.padding).any(axis=(1, 2)).all()


def test_view_that_nobody_touched_is_fitted_to_the_whole_volume(made_ct: Any, desk: Desk, gate: Gate) -> None:
    entry = entry_of(made_ct)
    gate.open()
    desk.opening.open_series(entry)
    desk.until(lambda: bool(desk.opened))
    assert desk.session.view is not None
    assert desk.session.view.cursor_lps_mm[2] == pytest.approx(2.5 * (COUNT - 1) / 2, abs=2.6)


def body_of(made_ct: Any, ends: tuple[int, int], half_px: Callable[[int], int]) -> Any:
    """Return a series of 64 × 64 pixels of 1 mm: from one image to another a square of tissue, of any size in each."""
    for k in range(COUNT):
        stored = np.full((64, 64), 24, dtype=np.uint16)
        if ends[0] <= k <= ends[1]:
            stored[32 - half_px(k) : 32 + half_px(k), 32 - half_px(k) : 32 + half_px(k)] = 1064
        position = (0.0, 0.0, 2.0 * k)
        made_ct.slice(f"s1/IM{k:03d}", stored, position, InstanceNumber=str(k), PixelSpacing=[1.0, 1.0])
    (entry,) = scan(made_ct.folder / "s1", JobContext()).series
    return entry


def first_and_whole(desk: Desk, gate: Gate, entry: Any) -> tuple[ViewState, ViewState]:
    """Return the view in which the first image is seen, and that of the whole scan, which nobody touched meanwhile."""
    desk.opening.open_series(entry)
    gate.let(1)
    desk.until(lambda: desk.session.view is not None)
    first = desk.session.view
    gate.open()
    desk.until_opened(1)
    assert first is not None
    assert desk.session.view is not None
    return first, desk.session.view


def test_the_picture_that_is_seen_first_stays_once_all_images_are_in(made_ct: Any, desk: Desk, gate: Gate) -> None:
    entry = body_of(made_ct, (10, COUNT - 1), lambda k: 20 if k < COUNT - 2 else 12)
    first, whole = first_and_whole(desk, gate, entry)
    assert whole.cursor_lps_mm == first.cursor_lps_mm
    assert whole.axial == first.axial
    assert whole.coronal.centre_lps_mm[2] > first.coronal.centre_lps_mm[2] + 8, "there the whole body is in the middle"


def test_where_more_of_the_body_comes_in_than_the_first_picture_shows_the_same_image_shows_all_of_it(
    made_ct: Any, desk: Desk, gate: Gate
) -> None:
    first, whole = first_and_whole(desk, gate, body_of(made_ct, (0, COUNT - 1), lambda k: 12 if k < 20 else 30))
    assert whole.cursor_lps_mm == first.cursor_lps_mm
    assert first.axial.height_mm < 30
    assert whole.axial.height_mm > 58


def test_where_the_first_image_holds_nothing_the_body_is_shown(made_ct: Any, desk: Desk, gate: Gate) -> None:
    first, whole = first_and_whole(desk, gate, body_of(made_ct, (20, COUNT - 1), lambda _k: 20))
    assert first.cursor_lps_mm[2] == pytest.approx(2.0 * 14.5, abs=1.1)
    assert whole.cursor_lps_mm[2] == pytest.approx(2.0 * 24.5, abs=1.1)


def test_cancel_is_immediate_and_leaves_nothing_half_open(made_ct: Any, desk: Desk, gate: Gate) -> None:
    entry = entry_of(made_ct)
    desk.opening.open_series(entry)
    gate.let(2)
    desk.until(lambda: desk.session.volume is not None)
    desk.opening.cancel()
    assert not desk.opening.running
    assert desk.session.volume is None
    assert desk.session.view is None
    gate.open()
    time.sleep(0.1)
    while not desk.calls.empty():
        desk.calls.get()()
    assert desk.opened == []
    assert desk.session.volume is None


def test_a_list_that_takes_the_place_of_a_scan_leaves_nothing_half_open(made_ct: Any, desk: Desk, gate: Gate) -> None:
    desk.opening.open_series(entry_of(made_ct))
    gate.let(2)
    desk.until(lambda: desk.session.volume is not None)
    listed: list[str] = []
    desk.opening.start(lambda _ctx: "several series", listed.append)
    desk.until(lambda: bool(listed))
    assert desk.session.volume is None
    assert desk.session.view is None


def test_second_choice_wins_at_once(made_ct: Any, desk: Desk, gate: Gate) -> None:
    first, second = entry_of(made_ct, series="1"), entry_of(made_ct, series="2", count=12)
    desk.opening.open_series(first)
    gate.let(3)
    desk.until(lambda: desk.session.volume is not None)
    desk.opening.open_series(second)
    gate.open()
    desk.until(lambda: bool(desk.opened))
    assert [volume.series.series_uid for volume in desk.opened] == [second.facts.series_uid]
    assert desk.session.volume is desk.opened[0]


def test_progress_is_told_in_slices_and_megabytes_a_second(
    made_ct: Any, desk: Desk, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_slices, "_RATE_AFTER_S", 0.0)
    entry = entry_of(made_ct)
    gate.open()
    desk.opening.open_series(entry)
    desk.until(lambda: bool(desk.opened))
    assert any(" of 30, " in words and words.endswith(" MB/s") for words in desk.progress)


def test_slices_as_acquired_stay_chosen_for_what_is_opened_next(made_ct: Any, desk: Desk, gate: Gate) -> None:
    gate.open()
    for n, series in enumerate(("1", "2", "3")):
        desk.opening.open_series(entry_of(made_ct, series=series, shear=0.8, count=6))
        desk.until_opened(n + 1)
        assert desk.session.view is not None
        # Off at first; then as it was left.
        assert desk.session.view.acquired is (series == "2")
        desk.session.view = evolve(desk.session.view, acquired=series == "1")


def test_what_a_step_shows_is_not_taken_for_a_choice(made_ct: Any, desk: Desk, gate: Gate) -> None:
    gate.open()
    desk.opening.open_series(entry_of(made_ct, series="1", count=6))
    desk.until(lambda: len(desk.opened) == 1)
    assert desk.session.view is not None
    desk.session.workspace = Workspace.PRESENT
    desk.session.view = evolve(desk.session.view, acquired=True)
    desk.session.workspace = Workspace.LIBRARY
    desk.opening.open_series(entry_of(made_ct, series="2", count=6))
    desk.until(lambda: len(desk.opened) == 2)
    assert not desk.session.view.acquired


def phases(made_ct: Any) -> Any:
    """Return what a scan finds of two acquisitions at the same places."""
    for acquisition in ("1", "2"):
        for k in range(6):
            stored = made_ct.pixels(k) + (100 if acquisition == "2" else 0)
            name = f"p/{acquisition}_{k}"
            made_ct.slice(name, stored, (-10.0, -20.0, 2.5 * k), AcquisitionNumber=acquisition)
    return scan(made_ct.folder / "p", JobContext())


def test_next_phase_is_looked_at_like_the_one_before(made_ct: Any, desk: Desk, gate: Gate) -> None:
    gate.open()
    found = phases(made_ct)
    assert len(found.series) == 2
    desk.opening.open_series(found.series[0])
    desk.until(lambda: len(desk.opened) == 1)
    assert desk.session.view is not None
    desk.session.view = evolve(desk.session.view, cursor_lps_mm=(-5.0, -12.0, 2.5), window_width=77.0)
    looked_at = desk.session.view
    gate.order.clear()
    frame = found.series[1].facts.frame_of_reference_uid
    desk.opening.open_found(lambda _ctx: found.series[1], frame)
    desk.until(lambda: len(desk.opened) == 2)
    assert desk.session.view == looked_at
    first, second = desk.opened
    assert np.array_equal(second.slices, first.slices + 100)
    desk.opening.open_found(lambda _ctx: found.series[0], "another frame of reference")
    desk.until(lambda: len(desk.opened) == 3)
    assert np.array_equal(desk.opened[2].slices, first.slices)
    assert desk.session.view != looked_at


def test_what_follows_in_another_unit_keeps_the_place_and_has_a_window_and_look_of_its_own(
    made_ct: Any, desk: Desk, gate: Gate
) -> None:
    gate.open()
    for k in range(6):
        at, values = (-10.0, -20.0, 2.5 * k), made_ct.pixels(k)
        made_ct.slice(f"p/1_{k}", values, at, series="1", WindowCenter="40", WindowWidth="400")
        map_of = {"RescaleType": "MGML", "RescaleSlope": "0.01", "RescaleIntercept": "0"}
        made_ct.slice(f"p/2_{k}", values, at, series="2", WindowCenter="5", WindowWidth="10", **map_of)
    hu, iodine = scan(made_ct.folder / "p", JobContext()).series
    desk.opening.open_series(hu)
    desk.until(lambda: len(desk.opened) == 1)
    assert desk.session.view is not None
    desk.session.view = evolve(desk.session.view, cursor_lps_mm=(-5.0, -12.0, 2.5), preset_3d="muscle")
    for n, (entry, window, look) in enumerate(((iodine, (5, 10), "mip"), (hu, (40, 400), "bone")), start=2):
        desk.opening.open_found(lambda _ctx, entry=entry: entry, entry.facts.frame_of_reference_uid)
        desk.until(lambda n=n: len(desk.opened) == n)
        view = desk.session.view
        assert view.cursor_lps_mm == (-5.0, -12.0, 2.5)
        assert ((view.window_centre, view.window_width), view.preset_3d) == (window, look)
