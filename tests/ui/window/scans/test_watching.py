"""A watched folder: what arrives in it is told, and that it went and came back."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ui.window.scans.listed import JANE, places, titles

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from pytestqt.qtbot import QtBot

    from tests.io.conftest import MadeCt
    from viewer.ui.main_window import MainWindow


def test_what_arrives_in_a_watched_folder_is_told_calmly_and_opens(
    listed: MainWindow, made: MadeCt, rest: Callable[[], None], qtbot: QtBot
) -> None:
    assert listed.actions_.run("scans.watch")
    rest()
    assert places(listed)[1][1].startswith("Watching · ")
    assert listed.actions_["scans.watch"].isChecked()
    watching = listed.desk.library._watching
    watching.stop()
    watching._stopped.clear()
    watching.look()
    for k in range(3):
        made.slice(f"bone/IM{k}", made.pixels(k), (0, 0, 2 * k), series="8", SeriesDescription="Bone", **JANE)
    watching.look()
    watching.look()
    rest()
    message = listed.messages.message
    assert message is not None
    assert message.calm
    assert message.sentence == "1 series arrived in Doe_Jane."
    listed.messages.act()
    rest()
    assert listed.messages.message is None
    assert listed.desk.session.volume is not None
    assert listed.desk.session.volume.series.description == "Bone"


def test_a_watched_folder_that_vanishes_is_told(listed: MainWindow, folder: Path, rest: Callable[[], None]) -> None:
    listed.desk.session.masked = True
    listed.library.watch_place()
    rest()
    watching = listed.desk.library._watching
    folder.rename(folder.with_name("away"))
    watching.look()
    rest()
    assert listed.messages.message is not None
    assert listed.messages.message.sentence == "The watched folder Masked is not there any more."
    assert "back" in listed.messages.message.hint
    folder.with_name("away").rename(folder)
    watching.look()
    rest()
    assert listed.messages.message is None


def test_a_watched_folder_that_nobody_may_look_into_is_not_said_to_be_gone(
    listed: MainWindow, folder: Path, rest: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed.library.watch_place()
    rest()
    asked = os.scandir

    def refused(path: str | Path = ".") -> object:
        if Path(path).is_relative_to(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return asked(path)

    monkeypatch.setattr(os, "scandir", refused)
    listed.desk.library._watching.look()
    rest()
    assert listed.messages.message is not None
    assert listed.messages.message.sentence == "The watched folder Doe_Jane cannot be read (Permission denied)."
    assert "may be read" in listed.messages.message.hint
    scans = listed.library.scans
    scans.show_places((scans.place.id,) if scans.place is not None else None)
    assert scans.gone_words == "This place cannot be read. Its series are listed as they were."
    monkeypatch.setattr(os, "scandir", asked)
    listed.desk.library._watching.look()
    rest()
    assert listed.messages.message is None
    assert scans.gone_words == ""


def test_the_picture_of_images_that_were_replaced_at_their_places_is_made_anew(
    listed: MainWindow, made: MadeCt, rest: Callable[[], None], qtbot: QtBot
) -> None:
    listed.library.watch_place()
    rest()
    watching = listed.desk.library._watching
    watching.stop()
    watching._stopped.clear()
    watching.look()
    lines = listed.library.scans.lines
    n = titles(listed).index("Thorax thin")
    qtbot.waitUntil(lambda: lines.picture(n) is not None, timeout=10_000)
    before = lines.picture(n)
    for k in range(5):
        path = made.folder / "thin" / f"IM{k}"
        raw = path.read_bytes()
        size = 2 * made.pixels().size
        # The same header, and the picture upside down.
        path.write_bytes(raw[:-size] + raw[-size:][::-1])
    watching.look()
    watching.look()
    rest()
    qtbot.waitUntil(lambda: lines.picture(n) not in (None, before), timeout=10_000)
    assert listed.messages.message is None
