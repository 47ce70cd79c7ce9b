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
    kinds = pack.add_subparsers(metavar="build|verify|install|key", required=True)

    def command(name: str, summary: str, example: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage pack {example}")
        sub.set_defaults(run=run(name))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    build = command("build", "Put cases into one file.", "build head-epidural --out head.casepack")
    build.add_argument("cases", nargs="+", metavar="CASE", help="ids or folders of cases")
    build.add_argument("--out", required=True, metavar="FILE", help="the pack to write, *.casepack")
    build.add_argument("--model", action="append", metavar="ID|DIR", help="a model to bring along; may be repeated")

    build.add_argument("--sign", metavar="KEY", help="sign it with this private key")

    verify = command("verify", "Say whether a pack is whole and unchanged.", "verify head.casepack")
    verify.add_argument("file", metavar="FILE", help="the pack, *.casepack")

    install = command("install", "Install the cases and models of a pack.", "install head.casepack")
    install.add_argument("file", metavar="FILE", help="the pack, *.casepack")
    install.add_argument("--replace", action="store_true", help="put new cases in the place of those of the same id")
    install.add_argument("--trusted-only", action="store_true", help="refuse what no trusted key signed")

    key = kinds.add_parser(
        "key",
        help="Keys to sign packs with, and whose are trusted here.",
        description="Keys to sign packs with, and whose are trusted here.",
        epilog="Example: casestage pack key new --out my.key",
    )
    keys = key.add_subparsers(metavar="new|show|trust|forget|list", required=True)

    def of_keys(name: str, summary: str, example: str) -> argparse.ArgumentParser:
        sub = keys.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage pack key {example}")
        sub.set_defaults(run=run(f"key_{name}"))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    new = of_keys("new", "Make a key: a private half to keep, and a public one to give away.", "new --out my.key")
    new.add_argument("--out", required=True, metavar="FILE", help="the private half; the public one is FILE.pub")
    show = of_keys("show", "Say a key's fingerprint, to compare.", "show my.key.pub")
    show.add_argument("file", metavar="FILE", help="a key")
    trust = of_keys("trust", "Trust whoever signs with a key.", "trust acme.key.pub --name Acme")
    trust.add_argument("file", metavar="FILE", help="the public half")
    trust.add_argument("--name", required=True, help="whose it is")
    forget = of_keys("forget", "Trust a key no more.", "forget Acme")
    forget.add_argument("name", metavar="NAME")
    of_keys("list", "List the keys that are trusted here.", "list")
