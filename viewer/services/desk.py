"""Everything that the user interface works with, built once and passed in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.session import Session
from viewer.io.decoders import Decoders
from viewer.io.index import LibraryIndex
from viewer.io.journal import Journal
from viewer.services.archives import Archives
from viewer.services.case_making import CaseMaking
from viewer.services.comparing import Comparing
from viewer.services.conventions import FILE_NAME as conventions_file
from viewer.services.conventions import Conventions, ConventionsError, read_conventions
from viewer.services.crop_edits import CropEdits
from viewer.services.drawn_path import PathEdits
from viewer.services.finding_run import FindingRun
from viewer.services.hanging import FILE_NAME, HangingRules
from viewer.services.inspecting import Inspecting
from viewer.services.jobs import JobRunner
from viewer.services.kept_alignments import KeptAlignments
from viewer.services.kept_looks import keep_looks
from viewer.services.kept_rule import keep_rule
from viewer.services.laid_files import LaidFiles
from viewer.services.last_place import LastPlace
from viewer.services.left_open import LeftOpen
from viewer.services.live_steps import LiveSteps
from viewer.services.measuring import Measuring
from viewer.services.navigation import Navigation
from viewer.services.opening import Opening
from viewer.services.out_of_sight import out_of_sight
from viewer.services.overlaying import Overlaying
from viewer.services.pictures import Pictures
from viewer.services.places import (
    alignments_folder,
    config_folder,
    data_folder,
    decisions_file,
    model_folders,
    own_cases_folder,
    received_folder,
    rehearsals_folder,
    run_records_folder,
)
from viewer.services.player import Player
from viewer.services.rehearsing import Rehearsals
from viewer.services.reviewing import Reviewing
from viewer.services.scan_library import ScanLibrary
from viewer.services.settings import Settings
from viewer.services.spreads import Spreads
from viewer.services.two_models import TwoModels
from viewer.services.watching import FolderWatch

if TYPE_CHECKING:
    from viewer.domain.errors import StorageError
    from viewer.services.jobs import Deliver
    from viewer.services.kept_writes import KeptWrites


@frozen(eq=False)
class Other:
    """A second volume that is compared with the first, and what moves it."""

    session: Session
    opening: Opening
    navigation: Navigation
    reviewing: Reviewing
    measuring: Measuring
    path_edits: PathEdits
    crop_edits: CropEdits
    spreads: Spreads
    inspecting: Inspecting
    overlaying: Overlaying


@frozen(eq=False)
class Desk:
    """The session and the services that move it."""

    session: Session
    other: Other
    comparing: Comparing
    settings: Settings
    index: LibraryIndex
    runner: JobRunner
    decoders: Decoders
    opening: Opening
    library: ScanLibrary
    pictures: Pictures
    archives: Archives
    finding_run: FindingRun
    reviewing: Reviewing
    measuring: Measuring
    path_edits: PathEdits
    crop_edits: CropEdits
    spreads: Spreads
    navigation: Navigation
    player: Player
    inspecting: Inspecting
    overlaying: Overlaying
    case_making: CaseMaking
    two_models: TwoModels
    rehearsals: Rehearsals
    live: LiveSteps
    last_place: LastPlace
    left_open: LeftOpen
    conventions: Conventions
    conventions_error: ConventionsError | None

    def close(self) -> None:
        """Stop all background work and close what is open on disk."""
        self.opening.cancel()
        self.opening.ahead.forget()
        self.other.opening.cancel()
        self.archives.cancel()
        self.live.close()
        self.last_place.close()
        self.finding_run.close()
        self.overlaying.cancel()
        self.other.overlaying.cancel()
        self.library.close()
        self.decoders.close()
        self.runner.shutdown()
        self.reviewing.close()
        self.index.close()


def build_desk(deliver: Deliver) -> Desk:
    """Return a new desk; `deliver` puts a callable on the main thread and may be called from any thread."""
    session = Session()
    settings = Settings(config_folder() / "settings.json")
    session.reader = settings.now.reader
    session.masked = settings.now.masked
    conventions, wrong = _conventions()
    runner = JobRunner(deliver)
    decoders = Decoders()
    navigation = Navigation(session, settings)

    def told(problem: StorageError) -> None:
        deliver(lambda: library.failed.emit(problem))

    index = LibraryIndex(data_folder() / "library.sqlite3", told)
    opening = Opening(session, runner, decoders, HangingRules(config_folder() / FILE_NAME))
    keep_looks(session, settings, opening)
    journal = Journal(decisions_file())
    reviewing = Reviewing(session, navigation, runner, journal)
    files = LaidFiles()
    overlaying = Overlaying(session, runner, files, settings)
    opening.opened.connect(lambda _volume: overlaying.lay_again())
    other = _other(session, runner, decoders, settings, journal, reviewing.writes, files)
    keep_rule(settings, session, other.session)
    library = ScanLibrary(index, runner, opening, FolderWatch(index, deliver))
    comparing = Comparing(session, other.session, other.opening, runner, KeptAlignments(alignments_folder()))
    opening.prior_opened.connect(comparing.bring)
    player = Player(session, navigation)
    finding_run = FindingRun(session, runner, model_folders(), run_records_folder())
    finding_run.beside = partial(out_of_sight, session, journal)
    return Desk(
        session=session,
        other=other,
        comparing=comparing,
        settings=settings,
        index=index,
        runner=runner,
        decoders=decoders,
        opening=opening,
        library=library,
        pictures=Pictures(index, runner, opening, decoders),
        archives=Archives(runner, settings, received_folder()),
        finding_run=finding_run,
        reviewing=reviewing,
        measuring=Measuring(session, navigation, reviewing),
        path_edits=PathEdits(session),
        crop_edits=CropEdits(session),
        spreads=Spreads(session, runner),
        navigation=navigation,
        player=player,
        inspecting=Inspecting(session),
        overlaying=overlaying,
        case_making=CaseMaking(session, data_folder() / "drafts", other.session, comparing),
        two_models=TwoModels(session, other.session, comparing, finding_run, navigation, runner),
        rehearsals=Rehearsals(rehearsals_folder(), own_cases_folder()),
        live=LiveSteps(session, player, navigation, finding_run, runner),
        last_place=LastPlace(session, data_folder()),
        left_open=LeftOpen(session, data_folder(), index),
        conventions=conventions,
        conventions_error=wrong,
    )


def _conventions() -> tuple[Conventions, ConventionsError | None]:
    try:
        return read_conventions(config_folder() / conventions_file), None
    except ConventionsError as error:
        return Conventions(), error


def _other(
    first: Session,
    runner: JobRunner,
    decoders: Decoders,
    settings: Settings,
    journal: Journal,
    writes: KeptWrites,
    files: LaidFiles,
) -> Other:
    session = Session(second=True)
    opening = Opening(session, runner, decoders)
    overlaying = Overlaying(session, runner, files, settings, first)
    opening.opened.connect(lambda _volume: overlaying.lay_again())
    navigation = Navigation(session, settings)
    reviewing = Reviewing(session, navigation, runner, journal, writes)
    return Other(
        session=session,
        opening=opening,
        navigation=navigation,
        reviewing=reviewing,
        measuring=Measuring(session, navigation, reviewing),
        path_edits=PathEdits(session),
        crop_edits=CropEdits(session),
        spreads=Spreads(session, runner),
        inspecting=Inspecting(session),
        overlaying=overlaying,
    )
