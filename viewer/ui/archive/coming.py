"""What is said of studies and series on their way from an archive, and of those that have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.io.expected_images import RETRIEVE_AGAIN
from viewer.ui.archive.retrieve_bar import DELETE
from viewer.ui.archive.study_rows import WAITING, StudyLine
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.io.archive.retrieved import Retrieved
    from viewer.services.retrieving import RetrieveQueue, Wanted
    from viewer.ui.archive.retrieve_bar import RetrieveBar
    from viewer.ui.archive.study_rows import SeriesLine


def brought_words(brought: Retrieved) -> Message | None:
    """Return what to say where not exactly the archive's images are here now, or None where they are."""
    if brought.withdrawn and not brought.missing:
        words = (
            f"{count_words(brought.withdrawn, 'image')} on this computer {'is' if brought.withdrawn == 1 else 'are'}"
        )
        hint = "They were corrected or withdrawn there, and are still among what was opened. Ask before using them."
        return Message(f"{words} no longer in the archive.", hint)
    if not brought.missing:
        return None
    count = "1 image is" if brought.missing == 1 else f"{brought.missing} images are"
    words = f"{count} missing: the archive did not send them."
    return Message(words, RETRIEVE_AGAIN, "\n".join(brought.problems))


def come_words(wanted: Wanted, brought: Retrieved, act: Callable[[], None]) -> Message:
    """Return what to say of what came while something else is looked at; `act` opens it."""
    missing = brought_words(brought)
    if missing is not None:
        return missing
    what = "A series" if wanted.series_uid else "A study"
    words = f"{what} from “{wanted.archive.name}” is on this computer now, {count_words(brought.images, 'image')}."
    return Message(words, calm=True, action="Open", act=act)


def outdated_words(wanted: Wanted, count: int, queue: RetrieveQueue) -> Message:
    """Return what to say of what was opened from this computer though the archive has other images by now."""
    what = "the series" if wanted.series_uid else "the study"
    words = (
        f"{count_words(count, 'image')} of {what} {'is another' if count == 1 else 'are others'} in the archive by now."
    )
    hint = "What is open was retrieved before they were replaced, added, or given to another patient."
    return Message(words, hint, action="Retrieve again", act=lambda: queue.add(wanted))


def coming_words(queue: RetrieveQueue, wanted: Wanted) -> str:
    """Return how far something is on its way, "" where nobody asked for it."""
    if wanted == queue.coming:
        return "Coming" if queue.fraction is None else f"Coming, {queue.fraction * 100:.0f} %"
    return WAITING if wanted in queue.waiting else ""


def offer(bar: RetrieveBar, line: StudyLine | SeriesLine, wanted: Wanted, queue: RetrieveQueue) -> None:
    """Say on the main button what it does with the marked study or series."""
    what = "study" if isinstance(line, StudyLine) else "series"
    if line.here:
        bar.offer(f"Open {what}", "Open it from this computer (Enter)", enabled=True)
    elif wanted == queue.coming:
        tip = "Open the images that are here; the others go on coming (Enter)" if line.held else "It is coming."
        bar.offer("Open what is here", tip, enabled=line.held > 0)
    elif wanted in queue.waiting:
        bar.offer("Do not retrieve", "Take it out of what waits (Delete)", enabled=True, key=DELETE)
    else:
        after = " It comes after what was asked for before." if queue.coming is not None else ""
        bar.offer(f"Retrieve {what}", f"Bring its images to this computer and open them (Enter).{after}", enabled=True)
