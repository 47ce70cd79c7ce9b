"""What can be typed after `casestage cohort`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Run = Callable[[argparse.Namespace], int]

EXAMPLE = "cohort run ~/scans --model head-bleed --out ./cohort"


def add_cohort_commands(cohort: argparse.ArgumentParser, run: Callable[[str], Run]) -> None:
    """Add the subcommands; `run` gives the function of a name in viewer.cli.cohorts."""
    kinds = cohort.add_subparsers(metavar="run|evaluate|report", required=True)

    def command(name: str, summary: str, example: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage cohort {example}")
        sub.set_defaults(run=run(name))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    runs = command(
        "run",
        "Run models on every series below a folder; begun again, it goes on where it was.",
        "run ~/scans --model head-bleed --out ./cohort",
    )
    runs.add_argument(
        "folder", metavar="FOLDER", help="scans, each with its ground truth in a folder “truth” beside it"
    )
    runs.add_argument("--model", action="append", required=True, metavar="ID|DIR", help="a model; may be repeated")
    runs.add_argument("--out", required=True, metavar="DIR", help="folder for the results and the list of runs")
    runs.add_argument("--anyway", action="store_true", help="run even where the manifest refuses a volume")

    evaluate = command(
        "evaluate",
        "Count what was found, missed and false, and how that depends on the threshold.",
        "evaluate ./cohort",
    )
    report = command(
        "report",
        "Write a row for each series and model as CSV, without places and names.",
        "report ./cohort --out runs.csv",
    )
    report.add_argument("--out", required=True, metavar="CSV", help="the table to write")
    for one in (evaluate, report):
        one.add_argument("cohort", metavar="DIR", help="what --out of “cohort run” named")
        one.add_argument(
            "--threshold", type=float, metavar="T", help="count at this score; each model’s own if left out"
        )
