"""Where the places of one volume lie in another: known, found by what both show, or laid on each other by hand."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from psygnal import Signal

from viewer.analysis.lining_up import lined_up
from viewer.domain.alignment import Alignment
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.history import History
from viewer.domain.plane_turn import turned_axes
from viewer.services.whose_series import patient_mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.analysis.lining_up import LinedUp
    from viewer.domain.geometry import PlaneAxes
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.kept_alignments import KeptAlignments


class How(Enum):
    """How two volumes were brought together."""

    FRAME = "one frame of reference"
    MIDDLES = "the middles of the bodies"
    CONTENT = "what both show"
    NOT = "nothing alike"
    HAND = "by hand"


@define(eq=False)
class _Step:
    """How the two lay before a step, and once that is undone, after it."""

    alignment: Alignment
    how: How


class Aligning:
    """Brings places of the first volume onto those of the second; `changed` tells that this is different now.

    `moved` tells that it was done by hand. The alignment is nothing where both share a frame of reference; else the
    middles of the two bodies meet at first, then what both show is brought together in the background, and the rest is
    for the hand. What was done by hand is remembered for each pair of volumes, with `kept` beyond the end of the
    program, and can be undone while both are open.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, session: Session, other: Session, runner: JobRunner, kept: KeptAlignments | None = None) -> None:
        self._session, self._other, self._runner, self._kept = session, other, runner, kept
        self._running: Job | None = None
        self._how = How.FRAME
        self._alignment = Alignment()
        self._by_hand: dict[tuple[str, str], Alignment] = {}
        self._steps: History[_Step] = History()
        self._steps_of: tuple[str, str] | None = None

    @property
    def pair(self) -> tuple[str, str] | None:
        """What tells the two volumes from others; None where two are not open."""
        here, there = self._session.volume, self._other.volume
        return None if here is None or there is None else (_mark_of(here), _mark_of(there))

    @property
    def alignment(self) -> Alignment:
        """Where places of the first volume lie in the second."""
        return self._alignment

    @alignment.setter
    def alignment(self, alignment: Alignment) -> None:
        self._by_the_hand(alignment)

    def _by_the_hand(self, alignment: Alignment, drag: object = None) -> None:
        if self.pair is not None and alignment != self._alignment:
            self._push(drag)
            self._put(alignment, How.HAND)

    @property
    def how(self) -> How:
        """How the alignment came about."""
        return self._how

    @property
    def words(self) -> str:
        """How far the second volume's picture is moved where the crosshair is; "" where it is not."""
        return self._alignment.back.words(self._alignment.of(self._cursor()))

    def told(self, here: Volume, there: Volume, alignment: Alignment) -> None:
        """Take an alignment of two volumes that comes with a case for one that was made by hand."""
        self._by_hand[_mark_of(here), _mark_of(there)] = alignment

    def shift(self, right_mm: float, down_mm: float, plane: PlaneName, *, drag: object = None) -> None:
        """Shift the second volume's picture in a plane, as it lies on the screen; one `drag` is undone at once."""
        view = self._other.view
        if view is not None:
            axes = _axes(view, plane)
            self._by_the_hand(self._alignment.shifted(-right_mm * axes.right - down_mm * axes.down), drag)

    def turn(self, angle_rad: float, plane: PlaneName, *, drag: object = None) -> None:
        """Turn the second volume's picture in a plane about the crosshair, clockwise as seen on the screen."""
        view = self._other.view
        if view is not None:
            axes = _axes(view, plane)
            # From right to down is clockwise; right, down and into need not be a right-handed system.
            about = np.cross(axes.right, axes.down)
            here = self._alignment.of(self._cursor())
            self._by_the_hand(self._alignment.turned_about(about, -angle_rad, here), drag)

    def forget(self) -> None:
        """Forget what was shifted and turned by hand."""
        if self.pair is not None:
            if self._how is How.HAND:
                self._push()
            self._drop()
            self.begin()

    # --- undo

    @property
    def can_undo(self) -> bool:
        """True where the two volumes that are open were moved by hand."""
        return self._steps_of is not None and self._steps_of == self.pair and self._steps.can_undo

    @property
    def can_redo(self) -> bool:
        """True where that was undone."""
        return self._steps_of is not None and self._steps_of == self.pair and self._steps.can_redo

    def undo(self) -> None:
        """Take back the newest move by hand."""
        if self.can_undo:
            self._exchange(self._steps.undo())

    def redo(self) -> None:
        """Move again what was taken back last."""
        if self.can_redo:
            self._exchange(self._steps.redo())

    def _push(self, drag: object = None) -> None:
        if self._steps_of != self.pair:
            self._steps.clear()
            self._steps_of = self.pair
        self._steps.push(_Step(self._alignment, self._how), gesture=drag)
        self.moved.emit()

    def _exchange(self, step: _Step | None) -> None:
        """Put back what a step holds, and let it hold what was there: that is how it is made again."""
        if step is not None:
            to = (step.alignment, step.how)
            step.alignment, step.how = self._alignment, self._how
            self._put(*to)

    def _put(self, alignment: Alignment, how: How) -> None:
        pair = self.pair
        if pair is None:
            return
        self.stop()
        if how is How.HAND:
            self._by_hand[pair] = alignment
            if self._kept is not None and pair[0] != pair[1]:
                self._kept.keep(pair, alignment)
        else:
            self._drop()
        self._align(alignment, how)

    def _drop(self) -> None:
        pair = self.pair
        if pair is not None:
            self._by_hand.pop(pair, None)
            if self._kept is not None:
                self._kept.forget(pair)

    # --- without a hand

    def begin(self) -> None:
        """Align the two volumes as far as can be known without looking at what they show, then look."""
        here, there, pair = self._session.volume, self._other.volume, self.pair
        if here is None or there is None or pair is None:
            return
        self.stop()
        known = self._known(pair)
        if known is not None:
            self._align(known, How.HAND)
        elif share_frame(here, there):
            self._align(Alignment(), How.FRAME)
        else:
            self._align(Alignment().meeting(_middle(here), _middle(there)), How.MIDDLES)
            if here.on_hu_scale and there.on_hu_scale and here.placed and there.placed:
                self.line_up()

    def line_up(self) -> None:
        """Bring together what both volumes show, in the background; nothing is turned."""
        here, there, pair = self._session.volume, self._other.volume, self.pair
        if here is None or there is None or here.preview or there.preview:
            return
        self.stop()

        def done(found: LinedUp | None) -> None:
            self._running = None
            if pair != self.pair:
                return
            if found is None:
                self._how = How.NOT if self._how is How.MIDDLES else self._how
                self.changed.emit()
            else:
                self._align(Alignment(shift_mm=found.shift_mm), How.CONTENT)

        self._running = self._runner.run(partial(lined_up, here, there), done=done, failed=lambda _: done(None))
        self.changed.emit()

    @property
    def lining_up(self) -> bool:
        """True while what both volumes show is being brought together."""
        return self._running is not None

    def stop(self) -> None:
        """Stop lining up; the alignment stays as it is."""
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _known(self, pair: tuple[str, str]) -> Alignment | None:
        """Return what was done by hand for a pair of volumes, whichever of them was the first one then."""
        if pair[0] == pair[1] or pair in self._by_hand:
            return self._by_hand.get(pair)
        turned_round = self._by_hand.get((pair[1], pair[0]))
        if turned_round is not None:
            return turned_round.back
        return self._kept.of(pair) if self._kept is not None else None

    def _align(self, alignment: Alignment, how: How) -> None:
        self._alignment, self._how = alignment, how
        self.changed.emit()

    def _cursor(self) -> Point:
        view = self._session.view
        return view.cursor_lps_mm if view is not None else (0.0, 0.0, 0.0)


def share_frame(here: Volume | None, there: Volume | None) -> bool:
    """Return whether both volumes lie in one frame of reference; images whose places are made up lie in none."""
    if here is None or there is None:
        return False
    frame, known = here.series.frame_of_reference_uid, here.placed and there.placed
    return here is there or (known and bool(frame) and frame == there.series.frame_of_reference_uid)


def _mark_of(volume: Volume) -> str:
    """Return what tells a volume from others: one UID may stand for two patients, two studies, or several phases."""
    series = volume.series
    return "|".join((series.series_uid, patient_mark(series), series.study_uid, volume.part)).rstrip("|")


def _axes(view: ViewState, plane: PlaneName) -> PlaneAxes:
    return turned_axes(PLANE_AXES[plane], view.plane(plane).turned)


def _middle(volume: Volume) -> NDArray[np.float64]:
    """Return the middle of the body, or of the volume where that is not known; LPS, mm."""
    bounds = volume.grid.bounds_lps_mm if volume.body_lps_mm is None else volume.body_lps_mm
    return np.asarray(bounds.mean(axis=1), dtype=np.float64)
