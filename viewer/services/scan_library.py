"""What was opened on this machine: lists it at once, looks at it again in the background, opens series from it."""

from __future__ import annotations

import itertools
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from viewer.domain.errors import NothingToOpenError
from viewer.domain.masking import identity_words
from viewer.io.index_rows import FOLDER
from viewer.services.jobs import Lane
from viewer.services.more_images import MoreImages
from viewer.services.place_state import PlaceState, state_at
from viewer.services.places_looking import entry_or_copy, look_again, only_series_at, opened_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.io.index import LibraryIndex
    from viewer.io.index_rows import Place, SeriesRow, StudyRow
    from viewer.io.index_tables import Kept
    from viewer.io.series_entry import SeriesEntry, Skipped
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.opening import Opening
    from viewer.services.places_looking import Looked
    from viewer.services.watching import FolderWatch

Result = TypeVar("Result")


class ScanLibrary:
    """Places and their series, from the index. Signals are emitted on the main thread.

    `changed` carries the ids of places whose series or state are different (an empty set where only the places are);
    `listed` the places to show to choose from; `skipped` the files that were passed over where the one series of a
    path is opened at once, and the words that give its patient away; `arrived` a watched place and what is different
    there (`Kept`), or a place in which series that were opened have more images now; `vanished` a watched place that is
    not there any more, or why it cannot be read; `returned` one that is back; `to_install` packs and models among the
    paths to open; `is_case` the case that the path is, and whether images of it are opened or listed; `failed` an error
    to show.
    """

    changed = Signal(object)
    listed = Signal(object)
    skipped = Signal(object, object)
    arrived = Signal(object, object)
    vanished = Signal(object, str)
    returned = Signal(object)
    to_install = Signal(object)
    is_case = Signal(object, bool)
    failed = Signal(object)

    def __init__(self, index: LibraryIndex, runner: JobRunner, opening: Opening, watching: FolderWatch) -> None:
        self._index = index
        self._watching = watching
        self._runner = runner
        self._opening = opening
        self._places: tuple[Place, ...] = ()
        self._states: dict[int, PlaceState] = {}
        self._checks: dict[int, Job] = {}
        self._asking: Job | None = None
        self._readings = itertools.count(1)
        self._newest_reading = 0
        self._naming: dict[int, frozenset[str]] = {}
        self._more = MoreImages(index)
        self._around: tuple[int, ...] = ()
        self._here: int | None = None
        self._keep: Callable[[], tuple[Place | None, tuple[Place, ...]]] | None = None
        opening.opened.connect(self._keep_now)
        opening.failed.connect(self._keep_now)
        opening.too_large.connect(self._keep_now)
        watching.arrived.connect(self._arrived)
        watching.vanished.connect(self._vanished)
        watching.returned.connect(self._returned)

    def close(self) -> None:
        """Watch nothing any more."""
        self._watching.stop()

    # --- what is there

    @property
    def places(self) -> tuple[Place, ...]:
        """The places, that opened last first; empty until `refresh` has answered."""
        return self._places

    def place(self, place: int) -> Place | None:
        """Return a place by its id."""
        return next((p for p in self._places if p.id == place), None)

    def state(self, place: int) -> PlaceState:
        """Return how a place is."""
        return self._states.get(place, PlaceState.REMEMBERED)

    def find(self, words: str, places: Collection[int] | None, *, masked: bool) -> list[tuple[int, int]]:
        """Return ids of series and studies as `LibraryIndex.find` does."""
        # Before the places are known nobody may wait for the file to be opened.
        return self._index.find(words, places, masked=masked) if self._places else []

    def series(self, ids: Iterable[int]) -> dict[int, SeriesRow]:
        """Return series by their ids."""
        return self._index.series(ids)

    def copies(self, ids: Iterable[int]) -> dict[int, list[SeriesRow]]:
        """Return for each of some series the copies of it that lie in other places; most have none."""
        return self._index.copies(ids)

    def studies(self, ids: Iterable[int]) -> dict[int, StudyRow]:
        """Return studies by their ids."""
        return self._index.studies(ids)

    def skipped_files(self, places: Iterable[int]) -> tuple[Skipped, ...]:
        """Return what was skipped in places when they were looked at last."""
        return tuple(item for place in places for item in self._index.skipped(place))

    def naming_words(self, place: int) -> frozenset[str]:
        """Return the words that give away the patients of a place."""
        if place not in self._naming:
            self._naming[place] = self._index.identity_words(place)
        return self._naming[place]

    @property
    def last_folder(self) -> str:
        """Where the user opened something last, to begin a dialog with; "" where nowhere."""
        if not self._places:
            return ""
        newest = self._places[0]
        return newest.path if newest.kind == FOLDER else os.path.dirname(newest.path)

    # --- opening

    def open(self, paths: Sequence[Path]) -> None:
        """Open what lies at some paths: at once where it is one series, else as a list to choose from."""
        self._opening.start(
            partial(opened_at, self._index, [Path(os.path.abspath(path)) for path in paths]), self._looked
        )

    def open_series(self, series: int, among: Sequence[int] = (), *, following: bool = False) -> None:
        """Open a series of the list.

        Parameters
        ----------
        series
            Its id.
        among
            The series between which next and previous go.
        following
            True keeps the place where it shares its frame of reference with what is open.
        """
        row = self._index.series([series]).get(series)
        if row is None:
            self.failed.emit(NothingToOpenError("This series is not in the list any more.", "Open its folder again."))
            return
        self._around, self._here = tuple(among), series
        self._opening.open_found(partial(self._entry, row), row.frame if following else "")

    def finder(self, series: int) -> Callable[[JobContext], SeriesEntry]:
        """Return what finds a series of the list on disk, to be called in another thread."""
        row = self._index.series([series]).get(series)

        def find(ctx: JobContext) -> SeriesEntry:
            if row is None:
                raise NothingToOpenError("This series is not in the list any more.", "Open its folder again.")
            return self._entry(row, ctx)

        return find

    def finder_at(self, path: Path) -> Callable[[JobContext], SeriesEntry]:
        """Return what finds the one series of a path, to be called in another thread; several are refused."""
        return partial(only_series_at, self._index, Path(os.path.abspath(path)))

    def open_neighbour(self, step: int) -> None:
        """Open the series so many places further in the list from which the last one was opened."""
        if self._here in self._around:
            at = (self._around.index(self._here) + step) % len(self._around)
            self.open_series(self._around[at], self._around, following=True)

    @property
    def has_neighbours(self) -> bool:
        """True where the open series is one of several of a list."""
        return len(self._around) > 1

    def _looked(self, looked: Looked) -> None:
        self._around, self._here = (), None
        self._take_places(looked.all_places)
        for place in looked.places:
            self._states[place.id] = PlaceState.CHECKED
            self._naming.pop(place.id, None)
        self.refresh()
        for error in looked.errors:
            self.failed.emit(error)
        if looked.to_install:
            self.to_install.emit(looked.to_install)
        if looked.only is not None:
            self._open_only(looked.only, looked)
        elif looked.places or not (looked.to_install or looked.case):
            self.listed.emit(looked.places)
            if looked.known:
                self.check(place.id for place in looked.places)
        if looked.case is not None:
            # After what is listed came on screen, which takes away what was told before.
            self.is_case.emit(looked.case, looked.only is not None or bool(looked.places))

    def _open_only(self, only: SeriesEntry, looked: Looked) -> None:
        self._keep = looked.keep
        self._opening.open_series(only)
        if looked.told_skipped:
            facts = only.facts
            naming = frozenset() if facts.synthetic else identity_words(facts.identity)
            self.skipped.emit(looked.told_skipped, naming)

    def _keep_now(self, _what: object) -> None:
        """Keep in the index what was opened, now that it is on screen."""
        keep, self._keep = self._keep, None
        if keep is not None:
            self._runner.run(lambda _ctx: keep(), done=self._kept, failed=self.failed.emit, lane=Lane.BACKGROUND)

    def _kept(self, kept: tuple[Place | None, tuple[Place, ...]]) -> None:
        place, places = kept
        self._take_places(places)
        if place is not None:
            self._take_in(place.id, PlaceState.CHECKED)

    def _entry(self, row: SeriesRow, ctx: JobContext) -> SeriesEntry:
        # Whatever is different there is seen in the list too.
        look = partial(self._runner.deliver, partial(self.check, (row.place,)))
        try:
            entry = entry_or_copy(self._index, row, ctx)
        except NothingToOpenError:
            look()
            raise
        if self._more.opened(row, entry) or entry.count != row.images:
            look()
        return entry

    # --- places

    def refresh(self) -> None:
        """Bring the list of places up to date, and find out in the background which of them are there."""
        self._in_background(lambda: None, lambda _: self._find_out())

    def _find_out(self) -> None:
        if self._asking is not None and self._asking.running:
            # A place that does not answer is asked once.
            return
        asked = {place.id: place.path for place in self._places if self.state(place.id) is not PlaceState.CHECKING}

        def there(_ctx: JobContext) -> dict[int, PlaceState]:
            return {place: state_at(path)[0] for place, path in asked.items()}

        self._asking = self._runner.run(there, done=self._found_out, failed=self.failed.emit, lane=Lane.PLACES)

    def _found_out(self, there: dict[int, PlaceState]) -> None:
        for place, now in there.items():
            state = self.state(place)
            if state is not PlaceState.CHECKING and (now.away or state.away):
                self._note(place, now)

    def check(self, places: Iterable[int]) -> None:
        """Look at places again in the background."""
        for place in places:
            if place in self._checks:
                continue
            self._note(place, PlaceState.CHECKING)
            self._checks[place] = self._runner.run(
                partial(self._checked, place),
                done=partial(self._check_in, place),
                failed=partial(self._check_failed, place),
                lane=Lane.PLACES,
            )

    def _checked(self, place: int, ctx: JobContext) -> tuple[Place, Kept] | PlaceState:
        found = next((p for p in self._index.places() if p.id == place), None)
        state = PlaceState.GONE if found is None else state_at(found.path)[0]
        if found is None or state.away:
            return state
        return found, self._more.told(look_again(self._index, Path(found.path), ctx))

    def _check_in(self, place: int, looked: tuple[Place, Kept] | PlaceState) -> None:
        self._checks.pop(place, None)
        self._take_in(place, looked if isinstance(looked, PlaceState) else PlaceState.CHECKED)
        if not isinstance(looked, PlaceState) and looked[1].grown:
            self.arrived.emit(*looked)

    def _check_failed(self, place: int, error: CaseStageError) -> None:
        self._checks.pop(place, None)
        self._note(place, PlaceState.REMEMBERED)
        self.failed.emit(error)

    def _take_in(self, place: int, state: PlaceState | None = None) -> None:
        """Tell that the index holds something else of a place."""
        if state is not None:
            self._states[place] = state
        self._naming.pop(place, None)
        self._in_background(lambda: None, lambda _: self.changed.emit(frozenset({place})))

    def forget(self, place: int) -> None:
        """Remove a place from the list and the index; its files stay."""
        check = self._checks.pop(place, None)
        if check is not None:
            check.cancel()
        self._states.pop(place, None)
        # The place is listed a moment longer than the index knows whom it names.
        self.naming_words(place)

        def forgotten(_: None) -> None:
            self._naming.pop(place, None)
            self.changed.emit(frozenset({place}))

        self._in_background(partial(self._index.forget, place), forgotten)

    def forget_below(self, folder: Path) -> None:
        """Take out of the list what lay in a folder and is not there any more."""
        below = os.path.join(os.path.abspath(folder), "")

        def work() -> None:
            for place in self._index.places():
                if place.path.startswith(below) and not os.path.exists(place.path):
                    self._index.forget(place.id)

        self._in_background(work, lambda _: None)

    def watch(self, place: int, *, on: bool) -> None:
        """Remember whether a place is watched."""
        self._in_background(partial(self._index.watch, place, on=on), lambda _: self.changed.emit(frozenset({place})))

    def _arrived(self, place: Place, kept: Kept) -> None:
        self._take_in(place.id, PlaceState.CHECKED)
        if kept.in_series:
            self.arrived.emit(place, kept)

    def _vanished(self, place: Place, why: str) -> None:
        self._note(place.id, PlaceState.CLOSED if why else PlaceState.GONE)
        self.vanished.emit(place, why)

    def _returned(self, place: Place) -> None:
        self.check((place.id,))
        self.returned.emit(place)

    def adopt(self, paths: Sequence[str]) -> None:
        """Take in places that an earlier version remembered, the newest first; those that are there no more are not."""

        def work() -> None:
            for age, path in enumerate(paths):
                if os.path.exists(path) and self._index.place_at(Path(path)) is None:
                    self._index.opened(Path(path), when=1.0 - age)

        self._in_background(work, lambda _: self.changed.emit(frozenset()))

    def _note(self, place: int, state: PlaceState) -> None:
        if self.state(place) is not state:
            self._states[place] = state
            self.changed.emit(frozenset())

    def _take_places(self, places: tuple[Place, ...]) -> None:
        if places != self._places:
            different = set(places).symmetric_difference(self._places)
            self._places = places
            self._watching.follow(place for place in places if place.watched)
            self.changed.emit(frozenset(place.id for place in different))

    def _in_background(self, work: Callable[[], Result], then: Callable[[Result], None]) -> None:
        def body(_ctx: JobContext) -> tuple[Result, int, tuple[Place, ...]]:
            result = work()
            return result, next(self._readings), self._index.places()

        def done(answer: tuple[Result, int, tuple[Place, ...]]) -> None:
            result, reading, places = answer
            if reading > self._newest_reading:
                # Of two that ran at once the one that was asked first may answer last, with what is gone by now.
                self._newest_reading = reading
                self._take_places(places)
            then(result)

        self._runner.run(body, done=done, failed=self.failed.emit, lane=Lane.BACKGROUND)
