"""Opening in the window: what is on screen while images come in, and the ways out where they do not fit."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, Qt

from viewer import app
from viewer.cli.bench_figures import noise, write_series
from viewer.domain.session import Workspace
from viewer.io import memory, read_slices
from viewer.io.series_entry import Skipped
from viewer.services import opening, scan_library
from viewer.ui.reports import of_skipped
from viewer.ui.review.model_box import ModelBox
from viewer.ui.review.review_panel import ReviewPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


@pytest.fixture
def series(tmp_path: Path) -> Path:
    folder = tmp_path / "series"
    write_series(folder, noise(8)[:, ::4, ::4].copy())
    return folder


def test_series_that_does_not_fit_into_memory_is_offered_smaller(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 128 * 128 * 8)
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.messages.message is not None)
    message = window.messages.message
    assert message is not None
    assert "of memory" in message.sentence
    assert message.action == "Open at 1/2"
    assert window.desk.session.volume is None
    window.messages.act()
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    volume = window.desk.session.volume
    assert volume is not None
    assert volume.stack.size_ij == (64, 64)
    assert window.desk.session.workspace is Workspace.REVIEW
    assert window.top.badges[-1] == "Resampled"
    window.top.why_geometry.emit()
    said = window.asking.geometry_sheet.words
    assert "Each pixel is the mean of 2 × 2" in said
    assert "made smaller" in said
    assert "tilted" not in said


def test_a_folder_whose_only_series_does_not_fit_into_memory_is_listed_all_the_same(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 128 * 128 * 8)
    window.open_paths([series])
    qtbot.waitUntil(lambda: [Path(place.path) for place in window.desk.library.places] == [series])
    assert window.desk.session.volume is None


def test_cancel_is_a_command_while_something_runs(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    assert not window.actions_.run("app.cancel")
    may, filled = threading.Event(), read_slices.fill_shrunk

    def fill(*arguments: Any) -> str:
        may.wait(20)
        return filled(*arguments)

    monkeypatch.setattr(read_slices, "fill_shrunk", fill)
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.status.is_busy and window.actions_["app.cancel"].isEnabled())
    assert window.actions_.run("app.cancel")
    assert not window.desk.opening.running
    assert not window.status.is_busy
    may.set()


def test_escape_stops_what_is_being_opened(
    window: MainWindow, series: Path, qtbot: QtBot, press: Callable[..., None]
) -> None:
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    window.go(Workspace.REVIEW)
    window.canvas.setFocus()
    stopped: list[bool] = []
    window.desk.opening.busy.connect(lambda progress: stopped.append(progress is None))
    window.open_paths([series])
    assert window.desk.opening.running
    window.actions_.refresh()
    press(window, Qt.Key.Key_Escape)
    assert not window.desk.opening.running
    assert stopped[-1]


def test_images_are_read_on_as_soon_as_the_first_one_is_on_the_screen(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(opening, "_HELD_FOR_S", 600.0)
    window.show()
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)


def test_models_can_be_chosen_from_before_the_last_image_is_in(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    may, filled = threading.Event(), read_slices.fill_shrunk
    came: list[int] = []

    def fill(*arguments: Any) -> str:
        came.append(1)
        assert len(came) < 3 or may.wait(20)
        return filled(*arguments)

    monkeypatch.setattr(read_slices, "fill_shrunk", fill)
    window.show()
    window.open_paths([series])
    qtbot.waitUntil(lambda: bool(window.review.findChildren(ModelBox)))
    assert window.desk.opening.running
    panel = window.review.findChildren(ReviewPanel)[0]
    assert panel.isVisible()
    assert panel.mapTo(window.review, QPoint(0, panel.height())).y() == window.review.height()
    may.set()
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)


def test_a_window_started_with_a_folder_has_its_image_before_it_is_painted(window: MainWindow, series: Path) -> None:
    app._open(window, [str(series)])
    assert window.desk.session.volume is not None
    assert window.desk.session.workspace is Workspace.REVIEW


def test_a_window_started_with_a_folder_that_does_not_answer_appears_all_the_same(
    window: MainWindow, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = threading.Event()
    monkeypatch.setattr(scan_library, "opened_at", lambda *_: may.wait(20))
    app._open(window, [str(series)])
    assert window.desk.opening.running
    window.desk.opening.cancel()
    may.set()


@pytest.mark.parametrize("asked", ["a series", "one too large", "a pack", "nothing that opens"])
def test_the_cases_come_whatever_became_of_what_the_program_was_started_with(
    window: MainWindow, series: Path, tmp_path: Path, asked: str, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    path = {"a pack": tmp_path / "a.casepack", "nothing that opens": tmp_path / "a.txt"}.get(asked, series)
    if path != series:
        path.write_bytes(b"nothing")
    if asked == "one too large":
        monkeypatch.setattr(memory, "free_bytes", lambda: 128 * 128 * 8)
    came: list[int] = []
    app._after_opening(window, lambda: came.append(1))
    app._open(window, [str(path)])
    qtbot.waitUntil(lambda: bool(came))


def test_an_archive_that_broke_off_says_first_that_images_may_be_missing(
    window: MainWindow, series: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    whole = Path(shutil.make_archive(str(tmp_path / "study"), "zip", series))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    window.open_paths([cut])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    message = window.messages.message
    assert message is not None
    assert message.sentence == "Images may be missing: only a part of the archive was opened."
    assert not message.calm
    assert "its directory is missing" in message.hint


def test_files_that_could_not_be_looked_into_may_be_images_that_are_missing(
    window: MainWindow, series: Path, qtbot: QtBot
) -> None:
    last = max(series.iterdir())
    last.write_bytes(last.read_bytes()[:600])
    (series / "letter.txt").write_text("x" * 300)
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    message = window.messages.message
    assert message is not None
    assert message.sentence == "Images may be missing: 1 file could not be read."
    assert message.hint == f"{last.name}: The file ends early, before its image."
    assert not message.calm
    assert "letter.txt" in message.detail


@pytest.mark.parametrize(
    ("name", "told"),
    [("letter.pdf", False), ("facts.JSON", False), ("IM0099", True), ("IM0099.dcm", True), ("scan.dat", True)],
)
def test_letters_and_tables_beside_images_are_no_news_but_what_may_be_an_image_is(
    name: str, told: bool, window: MainWindow, series: Path, qtbot: QtBot
) -> None:
    (series / name).write_text("x" * 300)
    window.open_paths([series])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    message = window.messages.message
    assert (message is not None) is told
    assert message is None or message.sentence == "1 file was skipped."


def test_the_details_of_what_was_skipped_say_each_file_once() -> None:
    skipped = (
        Skipped("a/letter.txt", "Not an image in DICOM, NIfTI, NRRD or MetaImage."),
        Skipped("b.dcm", "The file is damaged."),
    )
    for told in (skipped[:1], skipped[1:], skipped):
        report = of_skipped(told).report
        for item in told:
            assert report.count(item.file) == 1
            assert report.count(item.words) == 1
