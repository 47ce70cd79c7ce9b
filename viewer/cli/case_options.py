"""What can be typed after `casestage case`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Run = Callable[[argparse.Namespace], int]

EXAMPLE = "case export head-epidural --pdf bleed.pdf"


def add_case_commands(
    case: argparse.ArgumentParser, run: Callable[[str], Run], megabytes: Callable[[str], float]
) -> None:
    """Add the subcommands; `run` gives the function of a place such as "cases:export" in viewer.cli."""
    kinds = case.add_subparsers(metavar="new|check|export", required=True)

    def command(name: str, summary: str, example: str, place: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage case {example}")
        sub.set_defaults(run=run(place))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    new = command(
        "new",
        "Make a case of a CT and of what a model finds in it: a first draft of its story, without its patient.",
        "new ~/ct/abdomen --model liver --out ./liver-case",
        "case_making:new",
    )
    new.add_argument("path", metavar="FOLDER", help="DICOM CT")
    new.add_argument("--model", required=True, metavar="ID|DIR", help="a model's id or its folder")
    new.add_argument("--out", required=True, metavar="DIR", help="the case's folder; its name becomes the case's id")
    new.add_argument("--series", metavar="UID", help="this series; the one with the most images where left out")
    new.add_argument("--title", default="", help="the case's title")
    new.add_argument("--summary", default="", help="one line about it, of at most 50 characters")
    new.add_argument("--anyway", action="store_true", help="run even where the manifest refuses this volume")
    new.add_argument(
        "--images-looked-at",
        action="store_true",
        help="somebody looked at the images: none names the patient, a face may leave",
    )

    check = command(
        "check",
        "Say what is wrong with a case before it is shown: document, files, words, places, cards, identity.",
        "check ./liver-case",
        "case_making:check",
    )
    check.add_argument("case", metavar="CASE|DIR", help="a case's id or its folder")

    export = command(
        "export",
        "Leave a case behind: a handout, a film, a page for a browser, pictures.",
        "export head-epidural --pdf bleed.pdf --film bleed.webm --html bleed.html",
        "leaving:export",
    )
    export.add_argument("case", metavar="CASE", help="a case's id or its folder")
    export.add_argument("--pdf", metavar="FILE", help="a handout: a page for each step, with its findings")
    export.add_argument("--film", metavar="FILE", help="*.webm (AV1), or *.mp4 (H.264) with an ffmpeg of your own")
    export.add_argument("--html", metavar="FILE", help="one page for any browser, offline, with images to scroll")
    export.add_argument("--png", metavar="DIR", help="each step as on stage, 1920×1080, numbered")
    export.add_argument("--paper", choices=["a4", "letter"], default="a4", help="of the handout")
    export.add_argument("--seconds", type=float, default=6.0, metavar="S", help="the longest a step stays in the film")
    export.add_argument("--most-mb", type=megabytes, metavar="MB", help="the largest that the page may be (18)")
    export.add_argument("--progress", action="store_true", help="tell how far it is, in lines for another program")
