"""What was done or left out, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.domain.masking import masked_path
from viewer.ui.library.skipped_panel import skipped_words
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from viewer.domain.errors import CaseStageError, TooLargeError
    from viewer.io.index_tables import Kept
    from viewer.io.series_entry import Skipped
    from viewer.services.exporting import Written


def of_skipped(skipped: tuple[Skipped, ...], naming: Collection[str] = ()) -> Message:
    """Return which files were passed over: the first with its reason, all in the details.

    An archive of which only a part could be opened comes first, and stays until it was read: nothing else tells that
    images may be missing at the end of a series. So does what could not be looked into. Folders and files that hold
    one of the words of `naming` are masked.
    """
    lines = [f"{masked_path(item.file, naming)}: {item.words}" for item in skipped]
    part = next((item for item in skipped if item.in_part), None)
    if part is not None:
        hint = f"{part.why} Get the archive again, or take this for a part of it."
        return Message("Images may be missing: only a part of the archive was opened.", hint, "\n".join(lines))
    lack = next((item for item in skipped if item.lacking), None)
    if lack is not None:
        return Message("Not all images have been retrieved yet.", f"{lack.why} {lack.hint}", "\n".join(lines))
    unread = [line for item, line in zip(skipped, lines, strict=True) if item.unread]
    if unread:
        count = f"{count_words(len(unread), 'file')} could not be read"
        more = f" And {len(unread) - 1} more." if len(unread) > 1 else ""
        return Message(f"Images may be missing: {count}.", f"{unread[0]}{more}", "\n".join(lines), begun=True)
    more = f" And {len(lines) - 1} more." if len(lines) > 1 else ""
    return Message(f"{skipped_words(len(skipped))}.", f"{lines[0]}{more}", "\n".join(lines), calm=True, begun=True)


def of_written(written: Written, naming: Collection[str] = ()) -> Message:
    """Return what an export wrote and where; folders that hold one of the words of `naming` are masked."""
    count = len(written.files)
    names = ", ".join(file.name for file in written.files)
    folder = masked_path(str(written.folder), naming)
    sentence = f"Exported {count} files." if count != 1 else "Exported 1 file."
    hint = f"{names} in {folder}. {' '.join(written.notes)}".strip()
    return Message(sentence, hint, "\n".join((folder, names, *written.notes)), calm=True)


def of_arrived(kept: Kept, place: str, act: Callable[[], None]) -> Message | None:
    """Return what arrived in a watched place, None where nothing new did; `act` shows it."""
    if kept.new:
        sentence = f"{count_words(len(kept.new), 'series')} arrived in {place}."
    elif kept.grown:
        count = len(kept.grown)
        sentence = f"{count_words(count, 'series')} in {place} {'has' if count == 1 else 'have'} more images now."
    elif kept.replaced:
        count = len(kept.replaced)
        sentence = f"{count_words(count, 'series')} in {place} {'has' if count == 1 else 'have'} changed."
    else:
        return None
    several = len((*kept.new, *kept.grown, *kept.replaced)) > 1
    return Message(sentence, calm=True, action="Show them" if several else "Open", act=act)


def of_too_large(error: TooLargeError, act: Callable[[], None]) -> Message:
    """Return that a series does not fit into memory; `act` opens it at the resolution at which it does."""
    words = f"Open at 1/{error.shrink}"
    return Message(error.sentence, error.hint, error.detail, unopened=True, action=words, act=act)


def of_vanished(place: str, why: str = "") -> Message:
    """Return that a watched place is not there any more, or why it cannot be read."""
    if why:
        hint = "Look whether its disk or network place is connected and may be read; then it is watched again."
        return Message(f"The watched folder {place} cannot be read ({why}).", hint)
    return Message(f"The watched folder {place} is not there any more.", "It is watched again when it is back.")


def of_problems(problems: tuple[CaseStageError, ...]) -> str:
    """Return everything that is wrong with cases, for reading and copying: a paragraph for each, with its hint."""
    paragraphs = (f"{problem.sentence} {problem.hint}".strip() + f"\n{problem.detail}" for problem in problems)
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs)
