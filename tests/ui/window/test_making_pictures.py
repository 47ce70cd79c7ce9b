"""Pictures are added to a narration while a case is made, and go with it: into the case, its pack and what is left."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog

from tests.cli.conftest import casestage
from viewer.domain.job import JobContext
from viewer.domain.narration_pictures import pictures_named, without_picture
from viewer.io.case_document import read_case
from viewer.services.left_behind import left_behind
from viewer.services.loading import load_case
from viewer.ui.leaving.page import write_page
from viewer.ui.leaving.stage_frames import StageFrames

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow
    from viewer.ui.making.making_panel import MakingPanel

SECRET = b"Canary Tweety was here"


def photograph(place: Path, ending: str = "jpg", size: tuple[int, int] = (400, 100)) -> Path:
    """Write a red picture that says of itself whose it is, and that it has to be turned by a quarter."""
    red = QImage(*size, QImage.Format.Format_RGB32)
    red.fill(Qt.GlobalColor.red)
    red.setText("Description", SECRET.decode())
    path = place / f"DOE JANE.{ending}"
    writer = QImageWriter(str(path))
    writer.setText("Comment", SECRET.decode())
    assert writer.write(red)
    if ending == "jpg":
        # Orientation 6 in an Exif segment of one entry, and words behind it.
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0" + SECRET
        content = path.read_bytes()
        path.write_bytes(content[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + content[2:])
    assert SECRET in path.read_bytes()
    return path


@pytest.fixture
def panel(reading: MainWindow) -> MakingPanel:  # noqa: F811 (a fixture of that module)
    """Return the panel with one step in hand."""
    reading.making.capture()
    panel = reading.making.panel
    assert panel is not None
    panel.narration.setPlainText("Look here.")
    return panel


def choose(window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(path), ""))
    window.actions_["making.picture"].trigger()


def red_in(image: QImage) -> int:
    pixels = (image.pixelColor(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return sum(colour.red() > 200 and colour.green() < 60 and colour.blue() < 60 for colour in pixels)


def saved(window: MainWindow, qtbot: QtBot) -> Path:
    window.making.panel.title.setText("Bone")
    window.desk.case_making.describe(title="Bone")
    window.making.save(False)
    qtbot.waitUntil(lambda: window.desk.case_making.draft is None, timeout=30_000)
    case = next(case for case in window.library.shelf.cases if case.title == "Bone")
    return Path(case.folder)


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_chosen_picture_is_seen_on_the_card_at_once_and_nothing_it_says_of_itself_is_kept(
    reading: MainWindow,  # noqa: F811
    panel: MakingPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    assert red_in(panel.preview.grab().toImage()) == 0
    choose(reading, photograph(tmp_path, ending), monkeypatch)
    pictures = reading.desk.case_making.pictures
    (name,) = pictures.named
    assert red_in(panel.preview.grab().toImage()) > 100
    assert not panel.pictures.isHidden()
    assert "1 of" not in panel._words.text()  # the picture is no word
    assert panel._words.text().startswith("2 of 25 words")
    assert pictures.home is not None
    kept = (pictures.home / name).read_bytes()
    assert SECRET not in kept
    assert b"Exif" not in kept
    assert "JANE" not in name
    size = QImage.fromData(kept).size()
    assert (size.width(), size.height()) == ((100, 400) if ending == "jpg" else (400, 100))
    message = reading.messages.message
    assert message is not None
    assert "nobody is named" in message.sentence


def test_adding_and_taking_out_are_undone_one_by_one_and_leave_the_words(
    reading: MainWindow,  # noqa: F811
    panel: MakingPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    making = reading.desk.case_making
    choose(reading, photograph(tmp_path), monkeypatch)
    with_it = panel.narration.toPlainText()
    making.pictures.remove(making.pictures.named[0])
    assert panel.narration.toPlainText() == "Look here."
    assert panel.pictures.isHidden()
    making.undo()
    assert panel.narration.toPlainText() == with_it
    assert red_in(panel.preview.grab().toImage()) > 100
    making.undo()
    assert panel.narration.toPlainText() == "Look here."
    making.redo()
    assert len(making.pictures.named) == 1


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_what_is_no_picture_is_refused_in_a_sentence(
    reading: MainWindow,  # noqa: F811
    panel: MakingPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    choose(reading, broken, monkeypatch)
    assert panel.narration.toPlainText() == "Look here."
    message = reading.messages.message
    assert message is not None
    assert not message.calm


def test_a_large_picture_is_made_smaller_and_a_third_one_is_too_many(
    reading: MainWindow,  # noqa: F811
    panel: MakingPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = reading.desk.case_making.pictures
    choose(reading, photograph(tmp_path, "png", (5000, 2500)), monkeypatch)
    assert pictures.home is not None
    assert QImage(str(pictures.home / pictures.named[0])).width() == 1600
    choose(reading, photograph(tmp_path), monkeypatch)
    choose(reading, photograph(tmp_path, "png", (30, 30)), monkeypatch)
    assert len(pictures.named) == 2
    assert "2 pictures at most" in reading.messages.message.sentence


def test_a_picture_goes_into_the_case_its_pack_and_what_is_left_behind(
    reading: MainWindow,  # noqa: F811
    panel: MakingPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    making = reading.desk.case_making
    choose(reading, photograph(tmp_path), monkeypatch)
    name = making.pictures.named[0]
    home = making.pictures.home
    folder = saved(reading, qtbot)
    assert home is not None
    assert not home.exists()
    assert red_in(QImage(str(folder / name))) > 100
    case = read_case(folder)
    assert pictures_named(case.steps[0].narration) == (name,)
    pack = tmp_path / "one.casepack"
    said = casestage("pack", "build", folder, "--out", pack)
    assert said.code == 0, said.err
    with zipfile.ZipFile(pack) as archive:
        assert f"cases/{case.id}/{name}" in archive.namelist()
    left = left_behind(load_case(case, JobContext()))
    with StageFrames(left, (960, 540)) as frames:
        assert red_in(frames.still(0)) > 100
    page = tmp_path / "page.html"
    write_page(left, page, JobContext())
    assert len(re.findall("data:image/jpeg", page.read_text(encoding="utf-8"))) >= 1
    # Made anew from this case, the picture comes along.
    reading.open_case(case)
    session = reading.desk.session
    qtbot.waitUntil(lambda: session.volume is not None and session.volume.series.series_uid == case.series_uid)
    qtbot.waitUntil(lambda: not making.why_not, timeout=20_000)
    reading.leave_present()
    reading.making.start(False)
    assert making.draft is not None, reading.messages.message
    assert making.pictures.missing() == ()
    assert making.pictures.named == (name,)


def test_the_words_around_a_picture_stay_as_they_are() -> None:
    text = "Before.\n\n![What it shows](pictures/a.png)\n\nAfter ![b](pictures/b.png) it."
    assert pictures_named(text) == ("pictures/a.png", "pictures/b.png")
    assert without_picture(text, "pictures/a.png") == "Before.\n\nAfter ![b](pictures/b.png) it."
    assert without_picture(text, "pictures/c.png") == text
    assert pictures_named("![x](../a.png) ![x](/etc/a.png) ![x](http://a/b.png) ![x](C:\\a.png)") == ()
