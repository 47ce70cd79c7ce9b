"""`casestage case export`: a case left behind as a handout, a film, a page or pictures."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.report import Report
from viewer.cli.terminal import progress_context, progress_lines
from viewer.domain.count_words import count_words
from viewer.domain.errors import CancelledError, CaseStageError, StorageError
from viewer.domain.job import JobContext
from viewer.io.film import H264_ENDING, OWN_ENDING
from viewer.services.cases import case_of
from viewer.services.exporting import check_folder
from viewer.services.left_behind import left_behind
from viewer.services.loading import load_case
from viewer.services.places import case_folders, model_folders

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

_ENDINGS = {"pdf": (".pdf",), "film": (OWN_ENDING, H264_ENDING), "html": (".html", ".htm")}


def export(arguments: argparse.Namespace) -> int:
    """Write what was asked for; each is whole, or not there."""
    wanted = {kind: Path(path) for kind in ("png", "pdf", "html", "film") if (path := getattr(arguments, kind))}
    if not wanted:
        raise CaseStageError("Nothing was asked for.", "Name a file with --pdf, --film or --html, or a folder: --png.")
    for kind, path in wanted.items():
        _check(kind, path)
    if not 1 <= arguments.seconds <= 60:
        raise CaseStageError("A step stays in a film for 1 to 60 seconds.", "Change --seconds.")
    case = case_of(arguments.case, case_folders())
    if not case.steps:
        raise CaseStageError(f"The case “{case.title}” has no steps yet.", "Capture one first.")
    told, written = Report(arguments), list[dict[str, object]]()
    with _ended_politely(progress_lines() if arguments.progress else progress_context()) as ctx:
        loaded = load_case(case, ctx.part(0.0, 0.1))
        left = left_behind(loaded, model_folders())
        for number, (kind, path) in enumerate(wanted.items()):
            part = ctx.part(0.1 + 0.9 * number / len(wanted), 0.1 + 0.9 * (number + 1) / len(wanted))
            # Qt is loaded only where something is drawn.
            if kind == "png":
                from viewer.ui.leaving.stills import write_stills

                pictures = write_stills(left, path, part)
                told.say(f"Written: {count_words(len(pictures), 'picture')} in {path}")
                written += [{"kind": kind, "file": str(one), "bytes": one.stat().st_size} for one in pictures]
                continue
            if kind == "pdf":
                from viewer.ui.leaving.handout import write_handout

                more = count_words(write_handout(left, path, part, arguments.paper), "page")
            elif kind == "html":
                from viewer.ui.leaving.page import MOST_MB, write_page

                write_page(left, path, part, arguments.most_mb or MOST_MB)
                more = "opens in any browser, offline"
            else:
                from viewer.ui.leaving.film import write_film

                more = f"{write_film(left, path, part, most_s=arguments.seconds):.0f} s"
            size = path.stat().st_size
            told.say(f"Written: {path}, {size / 1e6:.1f} MB, {more}")
            written.append({"kind": kind, "file": str(path), "bytes": size})
    told.finish(case=case.id, written=written, not_for_diagnostic_use=True)
    return 0


def _check(kind: str, path: Path) -> None:
    """Refuse what cannot be written before work is done for it."""
    endings = _ENDINGS.get(kind)
    if endings is None:
        if path.exists() and not path.is_dir():
            raise StorageError(f"{path.name} is a file.", "Name a folder for the pictures.")
        check_folder(path)
        return
    if path.suffix.lower() not in endings:
        raise StorageError(f"“{path.name}” does not end in {' or '.join(endings)}.", "Give it that ending.")
    if path.is_dir():
        raise StorageError(f"{path.name} is a folder.", "Choose another name.")
    if not path.absolute().parent.is_dir():
        raise StorageError(f"The folder for {path.name} does not exist.", "Make it first, or choose another.")
    check_folder(path.absolute().parent)


@contextmanager
def _ended_politely(ctx: JobContext) -> Iterator[JobContext]:
    """Give a context that ends between two pictures once Ctrl+C or a request to end comes, and at once by a second.

    Half a picture is never left to Qt, which would complain of it; what is half written is removed.
    """
    wanted: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if wanted:
            raise CancelledError
        wanted.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield JobContext(ctx.on_progress, lambda: bool(wanted) or ctx.cancelled())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
