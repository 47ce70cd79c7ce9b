"""What can be typed after `casestage pack`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Run = Callable[[argparse.Namespace], int]

EXAMPLE = "pack build head-epidural --out head.casepack"


def add_pack_commands(pack: argparse.ArgumentParser, run: Callable[[str], Run]) -> None:
    """Add the subcommands; `run` gives the function of a name in viewer.cli.packs."""
    kinds = pack.add_subparsers(metavar="build|verify|install", required=True)

    def command(name: str, summary: str, example: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage pack {example}")
        sub.set_defaults(run=run(name))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    build = command("build", "Put cases into one file.", "build head-epidural --out head.casepack")
    build.add_argument("cases", nargs="+", metavar="CASE", help="ids or folders of cases")
    build.add_argument("--out", required=True, metavar="FILE", help="the pack to write, *.casepack")
    build.add_argument("--model", action="append", metavar="ID|DIR", help="a model to bring along; may be repeated")

    verify = command("verify", "Say whether a pack is whole and unchanged.", "verify head.casepack")
    verify.add_argument("file", metavar="FILE", help="the pack, *.casepack")

    install = command("install", "Install the cases and models of a pack.", "install head.casepack")
    install.add_argument("file", metavar="FILE", help="the pack, *.casepack")
    install.add_argument("--replace", action="store_true", help="put new cases in the place of those of the same id")
