"""Pictures of bundled cases that are made on this computer when they are first looked at, from a recipe in the case.

They go into `made` in the data folder, named after the hash of the values that the case was tested with, and are whole
there or not at all. What comes out is held against that hash. Another processor may round single voxels differently:
pictures whose 512 blocks have the same means within 0.5 HU, which takes the same anatomy, are shown, and it is said
that they are alike; any others are refused, since findings and steps would not fit them.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from viewer.domain.errors import CaseDocumentError, CaseStageError
from viewer.io.atomic_file import storage_error, sync_folder, write_atomically
from viewer.io.case_document import series_of, to_be_made
from viewer.io.staging import staging
from viewer.services.cut_off import PICTURES
from viewer.services.places import data_folder

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case, Prior

ALIKE_WORDS = "Made on this computer: single voxels differ by rounding from those that this case was tested with."
_ALIKE = "alike.txt"
_SERIES = "dicom"
_SILENCE_S = 1200.0


@frozen
class MadeSeries:
    """Where the pictures lie, and whether they differ by rounding from those that the case was tested with."""

    folder: Path
    alike: bool


def unmade(case: Case) -> bool:
    """Return whether opening a case begins with making its pictures."""
    return any(pictures_of(case, one) is None for one in series_of(case))


def pictures_of(case: Case, named: Case | Prior) -> Path | None:
    """Return the folder with the pictures of a case or its prior, None where they have still to be made."""
    if not to_be_made(case, named):
        return Path(case.folder) / named.series_path
    there = _found(named.series_sha256)
    return None if there is None else there.folder


def first_use_words(case: Case) -> str:
    """Return that a case's pictures are made when it is first used, and about how long that takes."""
    about = max(10, round(case.making_s / 10) * 10)
    return f"Made at first use, about {about} s"


def made_series(case: Case, named: Case | Prior, ctx: JobContext) -> MadeSeries:
    """Return the pictures of a case or its prior that come from a recipe; they are made where they are not there yet.

    That happens in a process of its own. Several programs may do it at once; the first to end wins.

    Raises
    ------
    CaseStageError
        When they cannot be made, or come out otherwise than those that the case was tested with.
    CancelledError
        When that was asked for; nothing is left then.
    """
    there = _found(named.series_sha256)
    if there is not None:
        return there
    recipe = Path(case.folder) / named.recipe_path
    place = _place(named.series_sha256)
    try:
        with staging(data_folder() / PICTURES) as aside:
            same = _made_in_a_process(recipe, named.series_sha256, aside / _SERIES, ctx)
            if same == "other":
                raise CaseDocumentError(
                    f"The pictures of the case “{case.title}” come out differently here than where it was tested.",
                    "Its findings would not fit them. Use the CaseStage that the case came with, or a pack of it.",
                )
            if same == "alike":
                write_atomically(aside / _ALIKE, f"{ALIKE_WORDS}\n".encode(), "The note")
            try:
                place.parent.mkdir(exist_ok=True)
                os.replace(aside, place)
                sync_folder(place.parent)
            except OSError:
                # Another program was quicker.
                if _found(named.series_sha256) is None:
                    raise
    except OSError as error:
        raise storage_error("The pictures of the case", error) from error
    return MadeSeries(place / _SERIES, (place / _ALIKE).exists())


def place_of(sha256: str) -> Path:
    """Return the folder in which pictures of a hash are kept, or would be."""
    return _place(sha256) / _SERIES


def _place(sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise CaseDocumentError("The case does not say what its pictures must be like.", "Copy the case again.")
    return data_folder() / "made" / sha256[:24]


def _found(sha256: str) -> MadeSeries | None:
    place = _place(sha256)
    return MadeSeries(place / _SERIES, (place / _ALIKE).exists()) if (place / _SERIES).is_dir() else None


def _made_in_a_process(recipe: Path, sha256: str, folder: Path, ctx: JobContext) -> str:
    """Return how the pictures compare with those that were tested."""
    # What makes them takes a while to load, and is needed this once.
    import multiprocessing

    from viewer.io.own_processes import deaf_to_interrupts
    from viewer.phantom.made_series import serve

    ctx.report(0.0, 1.0, "Making the pictures, this first time")
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process: Any = spawn.Process(
        target=serve, args=(theirs, recipe, sha256, folder), name="casestage-phantom", daemon=True
    )
    try:
        with deaf_to_interrupts():
            process.start()
        theirs.close()
        heard = time.monotonic()
        while True:
            ctx.stop_if_cancelled()
            if ours.poll(0.05):
                message = ours.recv()
                heard = time.monotonic()
                if message[0] == "done":
                    return str(message[1].value)
                if message[0] == "error":
                    raise message[1]
                ctx.report(*message[1:])
            elif (not process.is_alive() and not ours.poll(0)) or time.monotonic() - heard > _SILENCE_S:
                raise _stopped()
    except EOFError as error:
        raise _stopped() from error
    finally:
        theirs.close()
        ours.close()
        if process.pid is not None and process.is_alive():
            process.terminate()
            process.join(1.0)
            if process.is_alive():
                process.kill()
                process.join(5.0)


def _stopped() -> CaseStageError:
    return CaseStageError(
        "Making the pictures of the case stopped unexpectedly.", "There may be too little memory. Try again."
    )
