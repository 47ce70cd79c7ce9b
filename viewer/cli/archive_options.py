"""What can be typed after `casestage archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import date

    Run = Callable[[argparse.Namespace], int]

EXAMPLE = "archive query PACS --patient 'doe*' --from 2025-01-01"
PASSWORD = "CASESTAGE_ARCHIVE_PASSWORD"


def add_archive_commands(
    archive: argparse.ArgumentParser, run: Callable[[str], Run], day: Callable[[str], date]
) -> None:
    """Add the subcommands; `run` gives the function of a name in viewer.cli.archives."""
    archive.description = (
        f"{archive.description} A password is asked for where it is needed, or taken from {PASSWORD}. "
        "Archives are added here or in the window."
    )
    archive.add_argument("--json", action="store_true", help="for other programs")
    kinds = archive.add_subparsers(metavar="list|query|retrieve|test|add|remove")

    def command(name: str, summary: str, example: str, function: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage archive {example}")
        sub.set_defaults(run=run(function))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    command("list", "List the archives that are known.", "list --json", "known")

    query = command(
        "query", "Search studies, or list the series of one.", "query PACS --patient 'doe*' --modality CT", "query"
    )
    query.add_argument("name", metavar="NAME", help="the archive's name")
    query.add_argument(
        "--patient", default="", metavar="NAME", help="family name, or “family, given”; * and ? stand for letters"
    )
    query.add_argument("--id", default="", metavar="ID", help="the patient's ID")
    query.add_argument("--accession", default="", metavar="NUMBER")
    query.add_argument("--from", dest="first", type=day, metavar="DATE", help="the first day, such as 2025-01-31")
    query.add_argument("--to", dest="last", type=day, metavar="DATE", help="the last day")
    query.add_argument("--modality", default="CT", help="CT where left out; “any” for all")
    query.add_argument("--description", default="", metavar="WORDS", help="words of the study's description")
    query.add_argument("--study", default="", metavar="UID", help="list the series of this study instead")
    query.add_argument("--identity", action="store_true", help="say who the patients are, too")

    fetch = command(
        "retrieve",
        "Bring a study, or a series of it. What is here already does not come again.",
        "retrieve PACS 1.2.840.1 --series 1.2.840.1.7 --out ./ct",
        "retrieve",
    )
    fetch.add_argument("name", metavar="NAME", help="the archive's name")
    fetch.add_argument("study", metavar="STUDY", help="the study's UID")
    fetch.add_argument("--series", default="", metavar="UID", help="only this series")
    fetch.add_argument("--out", metavar="DIR", help="folder for the images; the program's own where left out")

    test = command("test", "Ask an archive whether it answers.", "test PACS", "test")
    test.add_argument("name", metavar="NAME", help="the archive's name")

    add = command(
        "add",
        "Remember an archive, by its DICOMweb address or its AE title, host and port.",
        "add PACS --dimse ARCHIVE@pacs.example.org:104 --own CASESTAGE",
        "add",
    )
    add.add_argument("name", metavar="NAME", help="what to call it")
    where = add.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", metavar="URL", help="DICOMweb, such as https://pacs.example.org/dicom-web")
    where.add_argument("--dimse", metavar="TITLE@HOST:PORT", help="DIMSE, such as ARCHIVE@pacs.example.org:104")
    add.add_argument("--user", default="", help="DICOMweb: the user's name; the password is never kept")
    add.add_argument("--unverified", action="store_true", help="DICOMweb: take a certificate that is not valid here")
    add.add_argument("--own", default="CASESTAGE", metavar="TITLE", help="DIMSE: the AE title it knows us by")
    add.add_argument(
        "--move", metavar="HOST:PORT", help="DIMSE: retrieve by C-MOVE, received at this address of this machine"
    )

    remove = command("remove", "Forget an archive.", "remove PACS", "remove")
    remove.add_argument("name", metavar="NAME", help="the archive's name")
