"""`casestage doctor PACK|CASE`: whether this very computer is ready to present it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import asdict, evolve

from viewer.cli.terminal import progress_context, progress_lines, say, say_json
from viewer.domain.count_words import count_words
from viewer.domain.errors import CancelledError, CaseStageError
from viewer.domain.volume import Volume
from viewer.io.case_document import DOCUMENT, read_case
from viewer.io.pack import ENDING, unpack
from viewer.services.cases import case_of
from viewer.services.left_behind import left_behind
from viewer.services.loading import load_case
from viewer.services.places import case_folders, model_folders
from viewer.services.readiness import (
    LEAST_SCREEN,
    Looked,
    Readiness,
    State,
    looked_at_computer,
    looked_at_files,
    looked_at_models,
    looked_at_opening,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case

_MARKS = {State.OK: "ok  ", State.NOTE: "note", State.SLOW: "slow", State.BAD: "NOT "}


def ready(arguments: argparse.Namespace) -> int:
    """Look, say what was found and what it comes to; 1 where it is not ready."""
    ctx = progress_lines() if arguments.progress else progress_context()
    path = Path(arguments.what)
    if path.suffix.lower() == ENDING and not (path / DOCUMENT).is_file():
        asked = [flag for flag in ("--keep", "--steps") if getattr(arguments, flag[2:])]
        if asked:
            raise CaseStageError(f"{asked[0]} is for a case that is here, not for a pack.", "Install the pack first.")
        found = _pack(path, ctx, run_models=not arguments.no_models)
    else:
        case = case_of(arguments.what, case_folders())
        steps = _steps_of(case, arguments.steps)
        keeping = "all" if arguments.keep else "new"
        run = not arguments.no_models
        looked, volumes = _case(case, model_folders(), ctx, keeping=keeping, steps=steps, run_models=run)
        found = Readiness(case.title, (*looked, *looked_at_computer(volumes), *_screens()))
    if arguments.json:
        rows = [{**asdict(one), "state": one.state.value} for one in found.looked]
        say_json({"title": found.title, "verdict": found.words, "ready": found.state is not State.BAD, "checks": rows})
    else:
        _say(found)
    return 1 if found.state is State.BAD else 0


def _steps_of(case: Case, wanted: tuple[int, ...]) -> tuple[int, ...]:
    if any(number >= len(case.steps) for number in wanted):
        raise CaseStageError(f"“{case.title}” has {count_words(len(case.steps), 'step')}.", "Name one of them.")
    return wanted


def _say(found: Readiness) -> None:
    say(found.title)
    for one in found.looked:
        say(f"{_MARKS[one.state]} {one.name}: {one.found}")
        if one.hint:
            say(f"       {one.hint}")
    say()
    say(found.words)


def _pack(path: Path, ctx: JobContext, *, run_models: bool) -> Readiness:
    """Return how a pack fares that need not be installed: it is unpacked aside, and that is removed again."""
    with tempfile.TemporaryDirectory(prefix="casestage-") as aside:
        try:
            pack = unpack(path, Path(aside), ctx.part(0.0, 0.2))
        except CancelledError:
            raise
        except CaseStageError as error:
            bad = Looked("Pack", error.sentence, State.BAD, error.hint, "the pack is refused")
            return Readiness(path.name, (bad,))
        held = f"Whole and unchanged: {count_words(len(pack.cases), 'case')}, {count_words(len(pack.models), 'model')}"
        looked, volumes = [Looked("Pack", held)], list[Volume]()
        folders = (Path(aside) / "models", *model_folders())
        for number, item in enumerate(pack.cases):
            part = ctx.part(0.2 + 0.8 * number / len(pack.cases), 0.2 + 0.8 * (number + 1) / len(pack.cases))
            more, held_volumes = _case(read_case(Path(aside) / item.folder), folders, part, run_models=run_models)
            if len(pack.cases) > 1:
                more = [evolve(one, name=f"{item.title}, {one.name.lower()}") for one in more]
            looked += more
            volumes = max(volumes, held_volumes, key=lambda held: sum(v.slices.nbytes for v in held))
        return Readiness(path.name, (*looked, *looked_at_computer(volumes), *_screens()))


def _case(
    case: Case,
    folders: Sequence[Path],
    ctx: JobContext,
    *,
    keeping: str = "none",
    steps: Collection[int] = (),
    run_models: bool = True,
) -> tuple[list[Looked], list[Volume]]:
    looked = looked_at_files(case, ctx.part(0.0, 0.1))
    if any(one.state is State.BAD and one.name == "Files" for one in looked):
        return looked, []
    started = time.monotonic()
    try:
        loaded = load_case(case, ctx.part(0.1, 0.3))
    except CancelledError:
        raise
    except CaseStageError as error:
        return [*looked, Looked("Pictures", error.sentence, State.BAD, error.hint, "the pictures do not open")], []
    looked += looked_at_opening(loaded, time.monotonic() - started)
    # Qt is loaded only where something is drawn.
    from viewer.ui.leaving.replay import Keeping, replayed

    if keeping == Keeping.NEW and any(one.state is State.BAD for one in looked):
        keeping = Keeping.NONE
    looked += replayed(left_behind(loaded), case, ctx.part(0.3, 0.7), keeping=Keeping(keeping), only=steps)
    if run_models:
        looked += looked_at_models(loaded, folders, ctx.part(0.7, 1.0))
    volumes = [loaded.volume, *([loaded.prior.volume] if loaded.prior is not None else [])]
    return looked, volumes


def _screens() -> list[Looked]:
    """Return which screens there are, where a window could open; the window that asks looks itself."""
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return []
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return [Looked("Screen", "None", State.NOTE, "Presenting needs one.")]
    from viewer.ui.leaving.screens import looked_at_screens

    return looked_at_screens(LEAST_SCREEN)
