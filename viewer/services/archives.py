"""Archives (PACS) that are remembered, what they hold, and images brought from them."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from viewer.domain.errors import ArchiveError, CaseStageError, PasswordError
from viewer.io.archive.description import Archive, archive_text, checked, read_archive
from viewer.io.archive.extra import install_line, is_installed
from viewer.io.archive.received import folders_size, held_count, name_of, remove_folders
from viewer.services.jobs import Lane
from viewer.services.retrieving import RetrieveQueue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.io.archive.retrieved import Retrieved
    from viewer.io.archive.rows import Found, Query, SeriesRow
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.retrieving import Wanted
    from viewer.services.settings import Settings

Result = TypeVar("Result")


def study_folder(received: Path, archive: Archive, study_uid: str) -> Path:
    """Return where a study of an archive lies; two archives may hold different images under one UID."""
    return received / hashlib.sha256(f"{archive.place} {study_uid}".encode()).hexdigest()[:24]


def remembered(settings: Settings) -> tuple[Archive, ...]:
    """Return the archives in the settings, by name."""
    found = [archive for text in settings.now.archives if (archive := read_archive(text)) is not None]
    return tuple(sorted(found, key=lambda archive: archive.name.casefold()))


def keep(settings: Settings, archive: Archive, instead_of: str = "") -> None:
    """Remember an archive, in the place of the one of a name, "" for a new one.

    Raises
    ------
    ArchiveError
        When its description is incomplete or another archive has its name.
    StorageError
        When the settings cannot be written.
    """
    checked(archive)
    others = [other for other in remembered(settings) if other.name != instead_of]
    if any(other.name.casefold() == archive.name.casefold() for other in others):
        raise ArchiveError(f"There is an archive called “{archive.name}” already.", "Choose another name.")
    settings.change(archives=tuple(archive_text(other) for other in (*others, archive)), archive=archive.name)


def forget(settings: Settings, name: str) -> None:
    """Remember an archive no more.

    Raises
    ------
    StorageError
        When the settings cannot be written.
    """
    others = tuple(archive_text(other) for other in remembered(settings) if other.name != name)
    last = settings.now.archive
    settings.change(archives=others, archive="" if last == name else last)


class Archives:
    """Asks archives in the background. Signals are emitted on the main thread.

    `found` carries what a search brought and `search_failed` why it did not; `series_found` a study's UID and its
    series, `series_failed` its UID and an error; `answered` the words of a connection test and `check_failed` an error.
    `outdated` carries what was opened from this computer, and how many of its images are others in the archive by now.
    `removed` carries the folder from which received images were removed, `failed` an error of that; what comes from
    archives is told by `queue`. Passwords are kept until the program ends, and nowhere else.
    """

    changed = Signal()
    found = Signal(object)
    search_failed = Signal(object)
    series_found = Signal(str, object)
    series_failed = Signal(str, object)
    answered = Signal(str)
    check_failed = Signal(object)
    failed = Signal(object)
    size_known = Signal(object)
    removed = Signal(object)
    outdated = Signal(object, int)

    def __init__(self, runner: JobRunner, settings: Settings, received: Path) -> None:
        self._runner, self._settings, self._received = runner, settings, received
        self._passwords: dict[str, str] = {}
        self._search: Job | None = None
        self._check: Job | None = None
        self.queue = RetrieveQueue(runner, self._fetch)
        self.queue.failed.connect(lambda wanted, error: self._doubt(wanted.archive, error))
        self._series: dict[str, Job] = {}

    # --- which archives there are

    @property
    def installed(self) -> bool:
        """True where the extra that speaks to archives is there."""
        return is_installed()

    @property
    def install_line(self) -> str:
        """The command that installs the extra."""
        return install_line()

    @property
    def all(self) -> tuple[Archive, ...]:
        """The archives, by name."""
        return remembered(self._settings)

    @property
    def last(self) -> Archive | None:
        """The archive that was chosen last, or the first, or None."""
        archives = self.all
        return next((a for a in archives if a.name == self._settings.now.archive), archives[0] if archives else None)

    def keep(self, archive: Archive, instead_of: str = "", *, password: str = "") -> None:
        """Remember an archive; see `keep` of this module for the errors, `take_password` for how long the password."""
        keep(self._settings, archive, instead_of)
        self._passwords.pop(instead_of, None)
        if password:
            self.take_password(archive, password)
        self.changed.emit()

    def forget(self, name: str) -> None:
        """Remember an archive no more."""
        forget(self._settings, name)
        self._passwords.pop(name, None)
        self.changed.emit()

    def needs_password(self, archive: Archive) -> bool:
        """Return whether a password has to be asked for."""
        return bool(archive.user) and archive.name not in self._passwords

    def take_password(self, archive: Archive, password: str) -> None:
        """Use a password until the program ends, or an archive refuses it; "" takes it back."""
        if password:
            self._passwords[archive.name] = password
        else:
            self._passwords.pop(archive.name, None)

    def _password(self, archive: Archive) -> str:
        return self._passwords.get(archive.name, "")

    # --- what they are asked

    def check(self, archive: Archive, password: str) -> None:
        """Ask whether an archive answers, also one that is not remembered."""
        if self._check is not None:
            self._check.cancel()
        work = partial(_check, archive, password or self._password(archive))
        self._check = self._run(work, self.answered.emit, self.check_failed.emit)

    def cancel_check(self) -> None:
        """Wait for no answer any more."""
        if self._check is not None:
            self._check.cancel()

    def search(self, archive: Archive, query: Query) -> None:
        """Look for studies; an earlier search is given up."""
        self.cancel_search()
        work = partial(_find_studies, archive, query, self._password(archive))

        def done(found: Found) -> None:
            self._search = None
            self.found.emit(found)

        def lost(error: CaseStageError) -> None:
            self._search = None
            self._doubt(archive, error)
            self.search_failed.emit(error)

        self._search = self._run(work, done, lost)

    @property
    def searching(self) -> bool:
        """True while a search runs."""
        return self._search is not None and self._search.running and not self._search.cancelled

    def cancel_search(self) -> None:
        """Give up a search and the series that were asked for."""
        for job in (*self._series.values(), *filter(None, [self._search])):
            job.cancel()
        self._series.clear()
        self._search = None

    def look_into(self, archive: Archive, study_uid: str) -> None:
        """Ask for the series of a study."""
        if study_uid in self._series:
            return
        work = partial(_find_series, archive, study_uid, self._password(archive))

        def done(series: tuple[SeriesRow, ...]) -> None:
            self._series.pop(study_uid, None)
            self.series_found.emit(study_uid, series)

        def lost(error: CaseStageError) -> None:
            self._series.pop(study_uid, None)
            self._doubt(archive, error)
            self.series_failed.emit(study_uid, error)

        self._series[study_uid] = self._run(work, done, lost)

    # --- what they send

    @property
    def retrieving(self) -> bool:
        """True while images come."""
        return self.queue.coming is not None

    def _fetch(self, wanted: Wanted, ctx: JobContext) -> Retrieved:
        from viewer.io.archive import ask

        folder = study_folder(self._received, wanted.archive, wanted.study_uid)
        password = self._password(wanted.archive)
        return ask.retrieve(wanted.archive, wanted.study_uid, wanted.series_uid, folder, ctx, password)

    def cancel(self) -> None:
        """Stop everything."""
        self.cancel_check()
        self.cancel_search()
        self.queue.cancel_all()

    # --- what is here

    def held(self, archive: Archive, study_uid: str, series_uid: str = "") -> int:
        """Return how many objects of a study or series are on this computer."""
        folder = study_folder(self._received, archive, study_uid)
        return held_count(folder / name_of(series_uid)) if series_uid else held_count(folder)

    def folder(self, wanted: Wanted) -> Path:
        """Return where what is wanted lies once it is here."""
        study = study_folder(self._received, wanted.archive, wanted.study_uid)
        return study / name_of(wanted.series_uid) if wanted.series_uid else study

    def look_whether_same(self, wanted: Wanted) -> None:
        """Find out whether what lies here is what the archive has by now; see `outdated`."""
        folder = study_folder(self._received, wanted.archive, wanted.study_uid)
        work = partial(_others_by_now, wanted, folder, self._password(wanted.archive))

        def done(count: int) -> None:
            if count:
                self.outdated.emit(wanted, count)

        # What cannot be asked now is told of when something is retrieved.
        self._run(work, done, lambda _error: None)

    def measure(self) -> None:
        """Find out how many bytes all that was received takes; `size_known` carries them."""
        self._runner.run(lambda _ctx: folders_size(self._received), done=self.size_known.emit, failed=self.failed.emit)

    def remove_received(self, open_now: tuple[str, ...] = ()) -> None:
        """Remove all that was received, but for the studies that files which are open belong to."""
        if self.retrieving:
            return

        def work(_ctx: JobContext) -> int:
            remove_folders(self._received, open_now)
            return folders_size(self._received)

        def done(left: int) -> None:
            self.removed.emit(self._received)
            self.size_known.emit(left)

        self._runner.run(work, done=done, failed=self.failed.emit)

    # --- how it runs

    def _run(
        self,
        work: Callable[[JobContext], Result],
        done: Callable[[Result], None],
        failed: Callable[[CaseStageError], None],
    ) -> Job:
        return self._runner.run(work, done=done, failed=failed, lane=Lane.NETWORK)

    def _doubt(self, archive: Archive, error: CaseStageError) -> None:
        """Ask for a password anew where it was refused."""
        if isinstance(error, PasswordError):
            self._passwords.pop(archive.name, None)


# What speaks to a network is loaded when it is first needed.


def _check(archive: Archive, password: str, ctx: JobContext) -> str:
    from viewer.io.archive import ask

    return ask.check_connection(archive, ctx, password)


def _find_studies(archive: Archive, query: Query, password: str, ctx: JobContext) -> Found:
    from viewer.io.archive import ask

    return ask.find_studies(archive, query, ctx, password)


def _find_series(archive: Archive, study_uid: str, password: str, ctx: JobContext) -> tuple[SeriesRow, ...]:
    from viewer.io.archive import ask

    return ask.find_series(archive, study_uid, ctx, password)


def _others_by_now(wanted: Wanted, folder: Path, password: str, ctx: JobContext) -> int:
    from viewer.io.archive import ask

    return ask.others_by_now(wanted.archive, wanted.study_uid, wanted.series_uid, folder, ctx, password)
