"""`casestage info`: what a path holds, and whether its geometry can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.cli.terminal import progress_context, say, say_json, shortened
from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseStageError, NothingToOpenError
from viewer.domain.value_units import unit_name
from viewer.io.assemble import assemble
from viewer.io.decoders import Decoders
from viewer.io.scan import scan
from viewer.io.series_report import failure, report, skipped_files
from viewer.services.truth_beside import truth_or_why_not

if TYPE_CHECKING:
    import argparse

    from viewer.io.series_entry import SeriesEntry


def chosen_series(path: Path, uid: str | None) -> tuple[list[SeriesEntry], list[dict[str, str]]]:
    """Return the series of a path, or the one with a UID, and what was skipped.

    Raises
    ------
    NothingToOpenError
        When there is none.
    """
    found = scan(path, progress_context())
    entries = [entry for entry in found.series if uid is None or entry.facts.series_uid == uid]
    if not entries:
        raise NothingToOpenError("There is no series with that UID here.", "Run info without --series to list them.")
    return entries, skipped_files(found)


def info(arguments: argparse.Namespace) -> int:
    """Print what a path holds."""
    entries, skipped = chosen_series(Path(arguments.path), arguments.series)
    rows: list[dict[str, Any]] = []
    unread = 0
    with Decoders() as decoders:
        for entry in entries:
            try:
                volume = assemble(entry, progress_context(), decoders=decoders)
            except CaseStageError as error:
                rows.append(failure(entry, [error.sentence]))
                unread += 1
                continue
            truth, why_not = truth_or_why_not(entry, volume)
            row = report(entry, volume, at_lps=arguments.at, with_hash=arguments.hash)
            row["truth"] = None if truth is None else {"lesions": len(truth.lesions)}
            row["truth_problem"] = "" if why_not is None else why_not.sentence
            rows.append(row)
    if arguments.json:
        say_json({"series": rows, "skipped": skipped})
    else:
        _print_rows(rows, skipped, asked=arguments.at is not None)
    return 1 if unread == len(rows) else 0


def _spacing_words(row: dict[str, Any]) -> str:
    if row["spacing_mm"]:
        return " × ".join(f"{s:.3g}" for s in row["spacing_mm"]) + " mm"
    if row["slices"] == 1:
        return "one image"
    return "spacing uneven" if row["gaps_mm"] else "spacing not known"


def _print_rows(rows: list[dict[str, Any]], skipped: list[dict[str, str]], *, asked: bool) -> None:
    for row in rows:
        size = " × ".join(str(n) for n in row["size_ijk"])
        values = f", values {row['range'][0]:g} to {row['range'][1]:g}" if row["range"] else ""
        part = f", {row['part']}" if row["part"] else ""
        say(f"{row['modality'] or 'Image'}  {row['description'] or 'no description'}{part}")
        unit = unit_name(row["unit"]) or "no known unit"
        say(f"  {size}, {_spacing_words(row)}, {unit}{values}{', lossy compressed' if row['lossy'] else ''}")
        say(f"  geometry {row['verdict']}" + (f", tilt {row['tilt_deg']:.1f}°" if row["tilt_deg"] else ""))
        for reason in row["reasons"]:
            say(f"    {reason}")
        if row.get("truth"):
            lesions = row["truth"]["lesions"]
            say(f"  truth: {count_words(lesions, 'lesion') if lesions else 'nothing to find'}")
        if row.get("truth_problem"):
            say(f"    {row['truth_problem']}")
        if row["at"]:
            say(f"  at that point: voxel {row['at']['ijk']}, value {row['at']['value']}")
        elif asked:
            say("  at that point: nothing of this series")
        if row.get("sha256"):
            say(f"  sha256 {row['sha256']}")
        say(f"  uid {row['uid']}")
    if skipped:
        say(f"{len(skipped)} skipped:")
        for line in shortened([f"{item['file']}: {item['why']}" for item in skipped]):
            say(f"  {line}")
