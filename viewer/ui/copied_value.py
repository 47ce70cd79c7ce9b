"""The command that copies what the measurement in hand says, to be pasted into a report or a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from viewer.ui.commands import Command
from viewer.ui.honesty import banner_words
from viewer.ui.measurement_words import NOT_MEASURED, more_words, place_words, value_words
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from viewer.domain.measurement import Measurement
    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

_NONE = "Take a measurement in hand first: click it. Words are not copied while identity is hidden."


def copied_words(measurement: Measurement, volume: Volume) -> str:
    """Return all that is known of a measurement, such as "Ellipse 122 ± 16 HU, 1123 mm², …, Axial, H 12.3 mm"."""
    value = value_words(measurement, volume)
    more = (words.replace(" · ", ", ") for words in more_words(measurement, volume))
    said = ", ".join((f"{measurement.kind.words} {value}", *more, place_words(measurement, volume)))
    return f"{said} ({banner_words(volume, None)})"


def value_commands(window: MainWindow) -> list[Command]:
    """Return the command."""

    def words() -> str:
        canvas = window.canvas_here()
        session = canvas.session if canvas is not None else window.desk.session
        measurement, volume = session.measured_in_hand, session.volume
        if measurement is None or volume is None or (measurement.kind.bears_words and session.masked):
            return ""
        said = value_words(measurement, volume)
        return copied_words(measurement, volume) if said not in ("", NOT_MEASURED) else ""

    def copy() -> None:
        said = words()
        QGuiApplication.clipboard().setText(said)
        window.status.say(f"Copied: {said}")

    return [
        Command(
            "measure.copy",
            "Copy value",
            "Copy what the measurement in hand says, as a line of text",
            copy,
            shortcuts=("Ctrl+Alt+C",),
            contexts=DESK_WORK,
            enabled_when=lambda: bool(words()),
            why_disabled=_NONE,
            icon="copy",
        )
    ]
