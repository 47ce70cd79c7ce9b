"""`casestage archive`: the archives that are known, what they hold, and images brought from them."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from viewer.cli.archive_options import PASSWORD
from viewer.cli.report import Report
from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.errors import ArchiveError
from viewer.io.archive import ask
from viewer.io.archive.description import Archive, ArchiveKind, RetrieveBy
from viewer.io.archive.extra import need_extra
from viewer.io.archive.rows import MOST_ROWS, NOT_BY_LETTERS, Query
from viewer.services import archives
from viewer.services.places import config_folder, received_folder
from viewer.services.settings import Settings

if TYPE_CHECKING:
    import argparse

    from viewer.io.archive.rows import StudyRow


def _settings() -> Settings:
    return Settings(config_folder() / "settings.json")


def _named(name: str) -> Archive:
    """Return the archive of a name.

    Raises
    ------
    ArchiveError
        When there is none.
    """
    all_ = archives.remembered(_settings())
    found = next((archive for archive in all_ if archive.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(archive.name for archive in all_)
        hint = f"Archives here: {names}." if names else "Add it: casestage archive add --help says how."
        raise ArchiveError(f"There is no archive called “{name}” here.", hint)
    return found


def _reachable(name: str) -> Archive:
    """Return the archive of a name, to be spoken to.

    Raises
    ------
    ArchiveError
        When there is none, or archives cannot be spoken to at all.
    """
    need_extra()
    return _named(name)


def _password(archive: Archive) -> str:
    if not archive.user:
        return ""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    return getpass.getpass(f"Password of {archive.user} for {archive.name}: ") if sys.stdin.isatty() else ""


def known(arguments: argparse.Namespace) -> int:
    """Print the archives that are known."""
    all_ = archives.remembered(_settings())
    if arguments.json:
        say_json({"archives": [_row(archive) for archive in all_]})
        return 0
    for archive in all_:
        say(f"{archive.name}  {archive.place}, by {_by(archive)}")
    if not all_:
        say("No archive is known yet. casestage archive add --help says how to add one.")
    return 0


def _row(archive: Archive) -> dict[str, str]:
    return {
        "name": archive.name,
        "kind": archive.kind.value,
        "place": archive.place,
        "retrieve_by": _by(archive),
        "user": archive.user,
    }


def _by(archive: Archive) -> str:
    if archive.kind is ArchiveKind.DICOMWEB:
        return "DICOMweb"
    return "C-GET" if archive.retrieve_by is RetrieveBy.GET else "C-MOVE"


def query(arguments: argparse.Namespace) -> int:
    """Print the studies that match, or the series of one."""
    archive = _reachable(arguments.name)
    password = _password(archive)
    if arguments.study:
        return _series(archive, arguments, password)
    if arguments.first and arguments.last and arguments.last < arguments.first:
        raise ArchiveError("The last day lies before the first.", "Exchange --from and --to, or leave one out.")
    wanted = Query(
        arguments.patient,
        arguments.id,
        arguments.accession,
        arguments.first,
        arguments.last,
        "" if arguments.modality.casefold() == "any" else arguments.modality.upper(),
        arguments.description,
    )
    found = ask.find_studies(archive, wanted, progress_context(), password)
    if arguments.json:
        rows = [_study_json(study, identity=arguments.identity) for study in found.studies]
        say_json({"studies": rows, "more": found.more})
        return 0
    for study in found.studies:
        say(_study_words(study))
        if arguments.identity:
            who = study.identity
            say(f"  {who.name or 'no name'}, ID {who.patient_id or '–'}, accession {who.accession or '–'}")
        say(f"  uid {study.study_uid}")
    if found.more and not found.studies:
        say(f"Nothing of this among the first {MOST_ROWS} studies. {NOT_BY_LETTERS}")
        return 0
    if found.more:
        say(f"Only the first {len(found.studies)} are listed. Narrow the search.")
    if not found.studies:
        say("Nothing there matches.")
    return 0


def _study_words(study: StudyRow) -> str:
    day = f"{study.date:%Y-%m-%d}" if study.date else "no date"
    parts = [" ".join(filter(None, [day, study.time])), "/".join(study.modalities), study.description]
    if study.series_count is not None:
        parts.append(f"{study.series_count} series")
    if study.image_count is not None:
        parts.append(_images(study.image_count))
    return "  ".join(part for part in parts if part)


def _images(count: int) -> str:
    return f"{count} images" if count != 1 else "1 image"


def _study_json(study: StudyRow, *, identity: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "uid": study.study_uid,
        "date": study.date.isoformat() if study.date else None,
        "time": study.time or None,
        "description": study.description,
        "modalities": list(study.modalities),
        "series": study.series_count,
        "images": study.image_count,
    }
    if identity:
        who = study.identity
        row |= {"patient": who.name, "patient_id": who.patient_id, "accession": who.accession}
    return row


def _series(archive: Archive, arguments: argparse.Namespace, password: str) -> int:
    found = ask.find_series(archive, arguments.study, progress_context(), password)
    if arguments.json:
        keys = ("number", "modality", "description", "body_part")
        rows = [
            {"uid": one.series_uid, **{key: getattr(one, key) for key in keys}, "images": one.image_count}
            for one in found
        ]
        say_json({"series": rows})
        return 0
    for one in found:
        count = _images(one.image_count) if one.image_count is not None else ""
        number = f"series {one.number}" if one.number is not None else ""
        say("  ".join(part for part in (one.modality, number, one.description or "no description", count) if part))
        say(f"  uid {one.series_uid}")
    if not found:
        say("There is no such study.")
    return 0


def retrieve(arguments: argparse.Namespace) -> int:
    """Bring a study or series and print where it lies."""
    archive = _reachable(arguments.name)
    if arguments.out:
        root = Path(arguments.out)
    else:
        root = archives.study_folder(received_folder(), archive, arguments.study)
    context = progress_context()
    brought = ask.retrieve(archive, arguments.study, arguments.series, root, context, _password(archive))
    rate = brought.new_bytes / 1e6 / max(brought.seconds, 0.05)
    if arguments.json:
        say_json(
            {
                "folder": str(brought.folder),
                "images": brought.images,
                "missing": brought.missing,
                "withdrawn": brought.withdrawn,
                "bytes": brought.new_bytes,
                "seconds": round(brought.seconds, 3),
                "problems": list(brought.problems),
            }
        )
    else:
        say(f"{_images(brought.images)} in {brought.folder}")
        if brought.new_bytes:
            say(f"{brought.new_bytes / 1e6:.1f} MB in {brought.seconds:.1f} s, {rate:.1f} MB/s")
        if brought.withdrawn:
            one = "1 image here is" if brought.withdrawn == 1 else f"{brought.withdrawn} images here are"
            say(f"{one} no longer in the archive. What was corrected or withdrawn there still lies in the folder.")
    if brought.missing:
        words = f"{brought.missing} images are missing." if brought.missing > 1 else "1 image is missing."
        raise ArchiveError(words, "Retrieve again to fetch the rest.", "\n".join(brought.problems))
    return 0


def test(arguments: argparse.Namespace) -> int:
    """Print whether an archive answers."""
    archive = _reachable(arguments.name)
    said, told = ask.check_connection(archive, progress_context(), _password(archive)), Report(arguments)
    told.say(said)
    told.finish(name=archive.name, answers=True, said=said)
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Remember an archive."""
    if arguments.url:
        made = Archive(arguments.name, url=arguments.url, user=arguments.user, verify_tls=not arguments.unverified)
    else:
        title, _, place = arguments.dimse.rpartition("@")
        host, port = _host_and_port(place)
        made = Archive(arguments.name, ArchiveKind.DIMSE, host=host, port=port, title=title, own_title=arguments.own)
        if arguments.move:
            at, at_port = _host_and_port(arguments.move)
            made = evolve(made, retrieve_by=RetrieveBy.MOVE, receiver_host=at, receiver_port=at_port)
    archives.keep(_settings(), made)
    told = Report(arguments)
    told.say(f"{made.name}: {made.place}, by {_by(made)}")
    told.finish(**_row(made))
    return 0


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    # What is no number is no port either, and said so with the rest of the description.
    return host.strip("[]"), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0


def remove(arguments: argparse.Namespace) -> int:
    """Forget an archive."""
    found = _named(arguments.name)
    archives.forget(_settings(), found.name)
    told = Report(arguments)
    told.say(f"{found.name} is forgotten.")
    told.finish(name=found.name, known=False)
    return 0
