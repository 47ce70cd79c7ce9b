"""The command line: parses, calls, and turns expected failures into a sentence."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from viewer.cli.archive_options import EXAMPLE as ARCHIVE_EXAMPLE
from viewer.cli.archive_options import add_archive_commands
from viewer.cli.case_options import EXAMPLE as CASE_EXAMPLE
from viewer.cli.case_options import add_case_commands
from viewer.cli.cohort_options import EXAMPLE as COHORT_EXAMPLE
from viewer.cli.cohort_options import add_cohort_commands
from viewer.cli.model_options import EXAMPLE as MODEL_EXAMPLE
from viewer.cli.model_options import add_model_commands
from viewer.cli.pack_options import EXAMPLE as PACK_EXAMPLE
from viewer.cli.pack_options import add_pack_commands
from viewer.cli.parse import (
    parse_day,
    parse_length,
    parse_point,
    parse_seed,
    parse_size,
    parse_steps,
    parse_window,
)
from viewer.cli.phantom_options import EXAMPLE as PHANTOM_EXAMPLE
from viewer.cli.phantom_options import add_phantom_options
from viewer.cli.terminal import complain, drop_output, finish_output, forgiving_output, say, say_json
from viewer.domain.errors import CancelledError, CaseStageError, unexpected
from viewer.io.kind_at import kind_at
from viewer.io.program import program_version
from viewer.services.cut_off import put_back_what_was_cut_off
from viewer.services.places import data_folder


class OpenWindow(Protocol):
    """Starts the window and returns the program's exit code."""

    def __call__(
        self,
        *,
        paths: tuple[Path, ...] = (),
        compare: Path | None = None,
        case: str = "",
        step: int = 0,
        kiosk: bool = False,
    ) -> int:
        """Open the window on paths, a second series beside them, on a step (from 0) of a case, or on the library."""


Run = Callable[[argparse.Namespace], int]
Value = TypeVar("Value")

_WINDOWS = "“soft tissue”, lung, liver, bone, brain, subdural, angio"


def _typed(parse: Callable[[str], Value], form: str) -> Callable[[str], Value]:
    def convert(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"“{text}” is not {form}") from error

    return convert


def _lazy(module: str, name: str) -> Run:
    def run(arguments: argparse.Namespace) -> int:
        function: Run = getattr(importlib.import_module(module), name)
        return function(arguments)

    return run


class _Version(argparse.Action):
    """Says the version; which that is, is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_given: object, **_options: object) -> None:
        """Print it and end."""
        say(f"casestage {program_version()}")
        parser.exit()


def build_parser(open_window: OpenWindow, *, only_open: bool = False) -> argparse.ArgumentParser:
    """Return the parser of every command; each sets `run`. `only_open` leaves out what `open` does not wait for."""
    parser = argparse.ArgumentParser(
        prog="casestage",
        description="Puts CT cases on stage: open CT, run a local model, present, review, inspect. "
        "Not for diagnostic use.",
        epilog="Without a command the window opens on the case library. Example: casestage demo head-epidural",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.set_defaults(run=lambda _: open_window())
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(name: str, summary: str, example: str, run: Run) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage {example}")
        sub.set_defaults(run=run)
        return sub

    step = _typed(int, "a whole number")
    demo = command("demo", "Present a case.", "demo head-epidural --step 2", lambda a: _demo(a, open_window))
    demo.add_argument("case", nargs="?", default="", help="the case's id; the first one where left out")
    demo.add_argument("--step", type=step, default=1, metavar="N", help="start at this step (from 1)")
    demo.add_argument("--kiosk", action="store_true", help="fill the screen and stay on the stage")
    demo.add_argument("--list", action="store_true", help="list the cases instead")
    demo.add_argument("--json", action="store_true", help="with --list: for other programs")

    opened = command("open", "Open CT in the window.", "open ~/ct/abdomen", lambda a: _open(a, open_window))
    opened.add_argument("paths", nargs="+", help="folders, zip archives, and DICOM, NIfTI, NRRD or MetaImage files")
    opened.add_argument("--compare", metavar="PATH", help="a second series, shown beside the first")
    if only_open:
        return parser

    info = command("info", "Say what a path holds.", "info ~/ct --json", _lazy("viewer.cli.series", "info"))
    info.add_argument("path", help="a folder, a zip archive, a DICOMDIR, or a DICOM, NIfTI, NRRD or MetaImage file")
    info.add_argument("--json", action="store_true", help="for other programs")
    info.add_argument("--series", metavar="UID", help="only this series")
    point = _typed(parse_point, "X,Y,Z in LPS mm")
    info.add_argument("--at", type=point, metavar="X,Y,Z", help="value of the voxel at this LPS point; write --at=…")
    info.add_argument("--hash", action="store_true", help="SHA-256 over all values (int16, k j i)")

    add_model_commands(
        command("models", "List, check and import models.", MODEL_EXAMPLE, _lazy("viewer.cli.models", "list_models")),
        lambda place: _lazy(f"viewer.cli.{place.split(':')[0]}", place.split(":")[1]),
    )

    run = command(
        "run",
        "Run a model without a window.",
        "run ~/ct --model anatomy --out ./found",
        _lazy("viewer.cli.models", "run"),
    )
    run.add_argument("path", help="a folder, a zip archive, or a DICOM, NIfTI, NRRD or MetaImage file")
    run.add_argument("--model", required=True, metavar="ID|DIR", help="a model's id or its folder")
    run.add_argument("--out", required=True, metavar="DIR", help="folder for findings.json, seg.dcm and sr.dcm")
    run.add_argument("--series", metavar="UID", help="only this series")
    run.add_argument("--anyway", action="store_true", help="run even where the manifest refuses this volume")
    run.add_argument("--recorded", action="store_true", help="take the result of an earlier run where there is one")
    run.add_argument("--json", action="store_true", help="for other programs")
    run.add_argument("--processor", action="store_true", help="leave graphics cards out")

    render = command(
        "render",
        "Write a picture without a window.",
        "render head-epidural --step 3 --out step3.png",
        _lazy("viewer.cli.pictures", "render"),
    )
    render.add_argument("path", metavar="PATH|CASE")
    render.add_argument("--out", required=True, metavar="PNG")
    render.add_argument("--json", action="store_true", help="for other programs")
    render.add_argument("--step", type=step, metavar="N", help="a step of a case (from 1)")
    render.add_argument("--series", metavar="UID", help="only this series")
    render.add_argument("--plane", choices=["axial", "coronal", "sagittal", "3d"], help="this view alone")
    render.add_argument("--at", type=point, metavar="X,Y,Z", help="centre on this LPS point; write --at=…")
    window = _typed(parse_window, f"WIDTH/LEVEL with a width of more than 0, nor one of {_WINDOWS}")
    render.add_argument("--window", type=window, metavar="W/L|NAME", help=f"400/40, or {_WINDOWS}")
    render.add_argument(
        "--labels", metavar="FILE", help="a segmentation over the series: SEG, NIfTI, NRRD or MetaImage"
    )
    render.add_argument("--map", metavar="FILE", help="a map of values over it: NIfTI, NRRD or MetaImage")
    render.add_argument("--fill", action="store_true", help="findings and labels filled, not outlined alone")
    render.add_argument("--acquired", action="store_true", help="slices as they were acquired, not interpolated")
    length = _typed(parse_length, "a number of mm, more than 0")
    render.add_argument("--height-mm", type=length, metavar="MM", help="millimetres from top to bottom of a view")
    size = _typed(parse_size, "WIDTHxHEIGHT of 64 to 16384 pixels each")
    render.add_argument("--size", type=size, default=(1920, 1080), metavar="WxH")

    add_archive_commands(
        command(
            "archive", "Search a PACS and bring its images.", ARCHIVE_EXAMPLE, _lazy("viewer.cli.archives", "known")
        ),
        lambda name: _lazy("viewer.cli.archives", name),
        _typed(parse_day, "a day written YYYY-MM-DD"),
    )

    add_cohort_commands(
        command("cohort", "Run models over many scans, and count.", COHORT_EXAMPLE, _lazy("viewer.cli.cohorts", "run")),
        lambda name: _lazy("viewer.cli.cohorts", name),
    )

    add_case_commands(
        command("case", "Make a case, check or leave one behind.", CASE_EXAMPLE, _lazy("viewer.cli.leaving", "export")),
        lambda place: _lazy(f"viewer.cli.{place.split(':')[0]}", place.split(":")[1]),
        _typed(parse_length, "a number of MB, more than 0"),
    )

    add_pack_commands(
        command(
            "pack", "Put cases into one file, check one, install one.", PACK_EXAMPLE, _lazy("viewer.cli.packs", "build")
        ),
        lambda name: _lazy("viewer.cli.packs", name),
    )

    add_phantom_options(
        command("phantom", "Make synthetic CT.", PHANTOM_EXAMPLE, _lazy("viewer.cli.phantoms", "phantom")),
        _typed(parse_seed, "a whole number from 0"),
        length,
    )

    doctor = command(
        "doctor",
        "Say what this computer has of what is needed, or whether it is ready to present a case.",
        "doctor head-epidural",
        _lazy("viewer.cli.doctor", "doctor"),
    )
    doctor.add_argument("what", nargs="?", default="", metavar="PACK|CASE", help="a pack, a case’s id or its folder")
    doctor.add_argument("--keep", action="store_true", help="take how the steps look now for what is right")
    steps = _typed(parse_steps, "a list of steps such as 1,3,4")
    doctor.add_argument("--steps", type=steps, default=(), metavar="N,…", help="look at these steps alone")
    doctor.add_argument("--no-models", action="store_true", help="leave out running the models")
    doctor.add_argument("--progress", action="store_true", help="tell how far it is, in lines for another program")
    doctor.add_argument("--json", action="store_true", help="for other programs")

    bench = command("bench", "Measure speed.", "bench --json", _lazy("viewer.cli.bench", "bench"))
    from viewer.cli.bench import GROUPS  # names alone; what is measured is loaded later

    bench.add_argument(
        "--only",
        action="append",
        choices=list(GROUPS),
        help="measure this alone; may be repeated; switching and kiosk take minutes and are measured only so",
    )
    bench.add_argument("--json", action="store_true", help="for other programs")
    bench.add_argument("--check", action="store_true", help="exit 0 only when every target is reached")
    return parser


def _demo(arguments: argparse.Namespace, open_window: OpenWindow) -> int:
    from viewer.cli.pictures import list_cases  # keeps --help quick

    cases, problems = list_cases(arguments)
    if arguments.json and not arguments.list:
        raise CaseStageError("--json is for the list of the cases.", "Add --list, or leave it out.")
    if arguments.list:
        if arguments.json:
            say_json({"cases": [{"id": c.id, "title": c.title, "steps": len(c.steps)} for c in cases]})
        else:
            for case in cases:
                say(f"{case.id}  {case.title}, {len(case.steps)} steps")
        for problem in problems:
            complain(problem)
        return 1 if problems else 0
    if arguments.case and arguments.case not in {c.id for c in cases}:
        known = ", ".join(c.id for c in cases) or "none"
        raise CaseStageError(f"There is no case called “{arguments.case}” here.", f"Cases on this machine: {known}.")
    if not cases:
        raise CaseStageError("There is no case on this machine.", "Copy one into the cases folder, or install again.")
    case = next(c for c in cases if not arguments.case or c.id == arguments.case)
    if not 1 <= arguments.step <= len(case.steps):
        raise CaseStageError(f"The case “{case.title}” has no step {arguments.step}.", f"It has {len(case.steps)}.")
    return open_window(case=case.id, step=arguments.step - 1, kiosk=arguments.kiosk)


def _open(arguments: argparse.Namespace, open_window: OpenWindow) -> int:
    paths = tuple(Path(p).expanduser() for p in arguments.paths)
    compare = Path(arguments.compare).expanduser() if arguments.compare else None
    for path in (*paths, compare):
        if path is not None:
            kind_at(path)
    return open_window(paths=paths, compare=compare)


def main(argv: list[str] | None, open_window: OpenWindow, told_to_end: Callable[[], bool] = lambda: False) -> int:
    """Run a command line and return its exit code; expected failures become a sentence on standard error.

    Parameters
    ----------
    told_to_end
        Whether Ctrl+C, or a request of the system to end, has come: a library that is being loaded then may fail in
        words of its own.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    forgiving_output()
    words = sys.argv[1:] if argv is None else argv
    try:
        arguments = build_parser(open_window, only_open=not words or words[0] == "open").parse_args(argv)
        put_back_what_was_cut_off(data_folder())
        code: int = arguments.run(arguments)
        finish_output()
    except (CancelledError, KeyboardInterrupt):
        return _stopped()
    except CaseStageError as error:
        complain(error, details=True)
        return 1
    except BrokenPipeError:
        drop_output()
        return 1
    except OSError as error:
        complain(_not_usable(error, words), details=True)
        return 1
    except Exception as error:  # noqa: BLE001 - the last net: a person gets a sentence, never a traceback
        if told_to_end():
            return _stopped()
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        complain(unexpected(error), details=True)
        return 70
    return code


def _stopped() -> int:
    # Below the line that told how far it was.
    sys.stderr.write("\ncasestage: stopped.\n")
    return 130


def _not_usable(error: OSError, words: list[str]) -> CaseStageError:
    """Return what to say of a place that the system refuses; it is named where the user named it."""
    named = str(error.filename or "")
    return CaseStageError(
        f"A file or folder cannot be used ({error.strerror or type(error).__name__}).",
        "Check the paths that you gave, and whether you may read and write there.",
        named if named and any(named in word for word in words) else "",
    )
