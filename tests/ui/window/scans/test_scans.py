"""The scans of the library: places and series, by study, to search, open, watch and forget."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from attrs import fields_dict
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

from tests.ui.window.scans.listed import JANE, marked, places, search, searched, titles
from viewer.domain.geometry import Verdict
from viewer.domain.session import Workspace
from viewer.io.index_rows import SeriesRow
from viewer.io.series_entry import Skipped
from viewer.ui.library.page_head import Page
from viewer.ui.library.scan_list import STUDY_HEIGHT
from viewer.ui.library.scans_page import ScansPage
from viewer.ui.library.series_words import series_facts
from viewer.ui.library.skipped_panel import by_reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.io.conftest import MadeCt
    from viewer.ui.main_window import MainWindow

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def test_a_folder_of_several_series_is_listed_by_study(listed: MainWindow, folder: Path) -> None:
    assert listed.library.page is Page.SCANS
    assert titles(listed) == [
        "[DOE, JANE · HOSP4711 / 2024-01-31 · Staging · 3 series]",
        "Thorax thin",
        "Thorax lung",
        "Thorax JaneDoe",
    ]
    scans = listed.library.scans
    assert scans.words == "Doe_Jane · 3 series"
    assert places(listed) == [("All scans", "1 place", ""), ("Doe_Jane", str(folder), "3")]
    assert scans.place is not None
    assert scans.place.name == "Doe_Jane"
    assert marked(listed) == "Thorax thin"
    assert scans.list.hasFocus()


def test_real_series_come_with_their_verdicts_and_reasons(
    window: MainWindow, real_data: Path, rest: Callable[[], None], press: Callable[..., None], qtbot: QtBot
) -> None:
    window.open_paths([real_data / "a12_edge_series"])
    rest()
    lines = window.library.scans.lines
    rows = [row for row in (lines.row(n) for n in range(lines.rowCount())) if row is not None]
    doubtful = [row for row in rows if row.verdict is Verdict.UNTRUSTED]
    assert len(rows) == 3
    assert doubtful
    assert all(row.reason for row in doubtful)
    press(window, Qt.Key.Key_Return)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=30_000)
    assert session.workspace is Workspace.REVIEW


def test_pictures_come_for_what_is_in_sight(listed: MainWindow, qtbot: QtBot, rest: Callable[[], None]) -> None:
    lines = listed.library.scans.lines
    qtbot.waitUntil(lambda: lines.picture(1) is not None, timeout=10_000)
    rest()
    assert lines.picture(2) is not None
    assert listed.library.scans.list.viewport().visibleRegion().boundingRect().height() > 300


def test_a_page_that_is_looked_at_later_tells_the_places_that_are_known(listed: MainWindow, qtbot: QtBot) -> None:
    page = ScansPage(listed.desk, listed.theme)
    qtbot.addWidget(page)
    assert page.places.places.rowCount() == 2
    assert page.places.places.words(0)[1] == "1 place"
    assert page.places.currentIndex().row() == 0


def test_enter_opens_the_marked_series_and_page_down_the_next(
    listed: MainWindow, press: Callable[..., None], rest: Callable[[], None]
) -> None:
    press(listed, Qt.Key.Key_Down)
    press(listed, Qt.Key.Key_Return)
    rest()
    session = listed.desk.session
    assert session.workspace is Workspace.REVIEW
    assert session.volume is not None
    assert session.volume.series.description == "Thorax lung"
    for key, wanted in (
        (Qt.Key.Key_PageDown, "Thorax JaneDoe"),
        (Qt.Key.Key_PageDown, "Thorax thin"),
        (Qt.Key.Key_PageUp, "Thorax JaneDoe"),
    ):
        press(listed, key)
        rest()
        assert session.volume.series.description == wanted
    press(listed, Qt.Key.Key_1, CONTROL)
    assert titles(listed)[1:] == ["Thorax thin", "Thorax lung", "Thorax JaneDoe"]
    assert marked(listed) == "Thorax lung"


def test_a_double_click_opens_and_a_click_marks(listed: MainWindow, rest: Callable[[], None]) -> None:
    view = listed.library.scans.list
    place = view.visualRect(view.lines.index(2)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert marked(listed) == "Thorax lung"
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    rest()
    assert listed.desk.session.volume is not None
    assert listed.desk.session.volume.series.description == "Thorax lung"


def test_a_click_on_a_studys_heading_opens_nothing(listed: MainWindow, rest: Callable[[], None]) -> None:
    view = listed.library.scans.list
    for click in (QTest.mouseClick, QTest.mouseDClick):
        click(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, STUDY_HEIGHT // 2))
    rest()
    assert listed.desk.session.volume is None


def test_arrows_home_and_end_go_from_series_to_series(listed: MainWindow, press: Callable[..., None]) -> None:
    for key, wanted in (
        (Qt.Key.Key_Up, "Thorax thin"),
        (Qt.Key.Key_Down, "Thorax lung"),
        (Qt.Key.Key_End, "Thorax JaneDoe"),
        (Qt.Key.Key_Down, "Thorax JaneDoe"),
        (Qt.Key.Key_Up, "Thorax lung"),
        (Qt.Key.Key_Home, "Thorax thin"),
        (Qt.Key.Key_PageDown, "Thorax JaneDoe"),
        (Qt.Key.Key_PageUp, "Thorax thin"),
    ):
        press(listed, key)
        assert marked(listed) == wanted, key


def test_search_finds_by_any_word_while_typing(listed: MainWindow, press: Callable[..., None], qtbot: QtBot) -> None:
    press(listed, Qt.Key.Key_F, CONTROL)
    for key in (Qt.Key.Key_L, Qt.Key.Key_U, Qt.Key.Key_N):
        press(listed, key)
    searched(listed, qtbot)
    assert titles(listed)[1:] == ["Thorax lung"]
    search(listed, "jane 2024 staging chest", qtbot)
    assert len(titles(listed)) == 4
    search(listed, "kidney", qtbot)
    assert listed.library.scans.empty_words == "Nothing matches “kidney” Each word has to occur somewhere."
    press(listed, Qt.Key.Key_Escape)
    searched(listed, qtbot)
    assert len(titles(listed)) == 4
    press(listed, Qt.Key.Key_Return)
    assert listed.library.scans.list.hasFocus()


def test_enter_in_the_search_field_goes_on_to_what_was_typed_last(
    listed: MainWindow, press: Callable[..., None]
) -> None:
    press(listed, Qt.Key.Key_F, CONTROL)
    listed.library.scans.search.setText("lung")
    press(listed, Qt.Key.Key_Return)
    assert titles(listed)[1:] == ["Thorax lung"]
    assert marked(listed) == "Thorax lung"


def test_nothing_opened_yet_says_how_to(window: MainWindow, press: Callable[..., None], rest: Any) -> None:
    press(window, Qt.Key.Key_2, ALT)
    rest()
    assert window.library.page is Page.SCANS
    words = window.library.scans.empty_words
    for way in ("DICOM folder", "zip", "DICOMDIR", "NIfTI", "NRRD", "MHA"):
        assert way in words
    assert places(window) == [("All scans", "Nothing was opened yet", "")]


def test_the_page_is_chosen_by_mouse_and_keys_and_remembered(window: MainWindow, press: Callable[..., None]) -> None:
    assert window.library.page is Page.CASES
    window.library.cases.head.switch.button(Page.SCANS).click()
    assert window.library.page is Page.SCANS
    assert window.desk.settings.now.library_page == "scans"
    assert window.library.scans.head.switch.choice == "scans"
    press(window, Qt.Key.Key_Escape)
    assert window.library.page is Page.CASES
    assert window.library.cases.head.switch.choice == "cases"
    press(window, Qt.Key.Key_2, ALT)
    assert window.library.page is Page.SCANS
    press(window, Qt.Key.Key_1, ALT)
    assert window.library.page is Page.CASES


def test_skipped_files_are_told_and_explained(listed: MainWindow) -> None:
    scans = listed.library.scans
    assert scans._skipped_button.text() == "1 file was skipped"
    assert not scans.skipped.isVisible()
    scans._skipped_button.click()
    assert scans.skipped.isVisible()
    shown = [label.text() for label in scans.skipped.findChildren(type(scans._told))]
    assert any("letter to Jane.txt" in text for text in shown)
    assert "Not an image in DICOM, NIfTI, NRRD or MetaImage." in shown
    scans._skipped_button.click()
    assert not scans.skipped.isVisible()


def test_reasons_of_few_skipped_files_come_before_those_of_many_and_before_letters() -> None:
    letters = [Skipped(f"{n}.txt", "Not an image in DICOM, NIfTI, NRRD or MetaImage.") for n in range(2)]
    reports = [Skipped(f"sr{n}", "The file is a structured report, not an image.") for n in range(9)]
    damaged = Skipped("IM7", "The file ends early, before its image.")
    assert list(by_reason([*letters, *reports, damaged]).items()) == [
        (damaged.why, ["IM7"]),
        (reports[0].why, [f"sr{n}" for n in range(9)]),
        (letters[0].why, ["0.txt", "1.txt"]),
    ]


@pytest.mark.parametrize(
    ("modality", "unit", "words"),
    [
        ("CT", "HU", ""),
        ("CT", "unknown", "no HU"),
        ("CT", "MGML", "values in mg/mL"),
        ("MR", "unknown", ""),
        ("PT", "BQML", "values in Bq/mL"),
    ],
)
def test_a_series_says_before_it_is_opened_that_its_values_are_no_hu(modality: str, unit: str, words: str) -> None:
    said: dict[str, Any] = dict.fromkeys(fields_dict(SeriesRow), "")
    row = SeriesRow(
        **{**said, "images": 3, "columns": 6, "rows": 5, "number": None, "modality": modality, "unit": unit}
    )
    assert series_facts(row) == " · ".join([modality, "3 images", "6 × 5", *([words] if words else [])])


def test_where_a_series_has_little_room_whole_facts_are_left_out_but_not_that_it_is_lossy_or_synthetic() -> None:
    said: dict[str, Any] = dict.fromkeys(fields_dict(SeriesRow), "")
    facts = {"images": 64, "columns": 32, "rows": 48, "number": 1, "description": "Head", "modality": "CT"}
    row = SeriesRow(**{**said, **facts, "body_part": "HEAD", "lossy": True, "synthetic": True, "unit": "unknown"})
    whole = "CT · Head · 64 images · 32 × 48 · series 1 · synthetic · lossy compressed · no HU".split(" · ")
    for room in range(90):
        words = series_facts(row, lambda words, room=room: len(words) <= room).split(" · ")
        assert [word for word in whole if word in words] == words
        assert {"64 images", "synthetic", "lossy compressed", "no HU"} <= set(words)
    assert words == whole


def test_a_folder_that_changed_is_brought_up_to_date_without_moving_what_is_looked_at(
    listed: MainWindow, made: MadeCt, rest: Callable[[], None]
) -> None:
    for n in range(12):
        made.slice(f"new{n}", made.pixels(), series=f"9{n}", SeriesNumber=str(50 + n), SeriesDescription="New", **JANE)
    listed.library.check_place()
    rest()
    scans = listed.library.scans
    assert scans.words == "Doe_Jane · 15 series"
    assert marked(listed) == "Thorax thin"
    scans.list.verticalScrollBar().setValue(500)
    index = scans.list.indexAt(QPoint(10, 5))
    seen, at = scans.lines.title(index.row()), scans.list.visualRect(index).top()
    later = {**JANE, "StudyDate": "20250101", "StudyInstanceUID": "1.2.3"}
    made.slice("later", made.pixels(), series="77", SeriesDescription="Later", **later)
    listed.library.check_place()
    rest()
    assert "Later" in titles(listed)[1]
    now = scans.list.indexAt(QPoint(10, 5))
    assert (scans.lines.title(now.row()), scans.list.visualRect(now).top()) == (seen, at)
    assert marked(listed) == "Thorax thin"


def test_a_place_that_is_not_there_says_so_and_can_be_looked_for_or_forgotten(
    listed: MainWindow, folder: Path, rest: Callable[[], None], press: Callable[..., None]
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    press(listed, Qt.Key.Key_Return)
    rest()
    assert listed.messages.message is not None
    assert listed.messages.message.sentence == "The folder of this series is not there."
    scans = listed.library.scans
    assert scans.gone_words
    assert places(listed)[1][1].startswith("Not there · ")
    assert len(titles(listed)) == 4
    away.rename(folder)
    assert listed.actions_.run("scans.check")
    rest()
    assert not scans.gone_words
    assert listed.actions_.run("scans.forget")
    rest()
    assert places(listed) == [("All scans", "Nothing was opened yet", "")]
    assert folder.exists()


def test_what_could_not_be_opened_is_not_said_above_what_was_opened_since(
    listed: MainWindow, folder: Path, rest: Callable[[], None], press: Callable[..., None], qtbot: QtBot
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    press(listed, Qt.Key.Key_Return)
    rest()
    assert listed.messages.message is not None
    away.rename(folder)
    press(listed, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed.desk.session.volume is not None and not listed.desk.session.volume.preview)
    assert listed.messages.message is None


def test_delete_forgets_the_place_that_is_marked_and_only_there(
    listed: MainWindow, press: Callable[..., None], rest: Callable[[], None]
) -> None:
    press(listed, Qt.Key.Key_Delete)
    rest()
    assert len(places(listed)) == 2
    press(listed, Qt.Key.Key_Left)
    assert listed.library.scans.places.hasFocus()
    press(listed, Qt.Key.Key_Delete)
    rest()
    assert len(places(listed)) == 1


def test_places_are_gone_through_with_the_arrows(
    listed: MainWindow, folder: Path, tmp_path: Path, press: Callable[..., None], rest: Callable[[], None]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder / "thin", other)
    shutil.copytree(folder / "lung", other / "more")
    listed.open_paths([other])
    rest()
    press(listed, Qt.Key.Key_Left)
    shown = []
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Down):
        press(listed, key)
        shown.append(listed.library.scans.words)
    assert shown == ["All scans · 3 series", "other · 2 series", "Doe_Jane · 3 series"]
    press(listed, Qt.Key.Key_Right)
    assert listed.library.scans.list.hasFocus()


def test_things_dropped_together_are_listed_together(
    window: MainWindow, folder: Path, rest: Callable[[], None]
) -> None:
    window.asking.dropped([str(folder / "thin"), str(folder / "lung")])
    rest()
    assert titles(window)[1:] == ["Thorax thin", "Thorax lung"]
    assert window.library.scans.words == "thin and lung · 2 series"
    assert not window.library.scans.places.currentIndex().isValid()
    window.desk.library.refresh()
    rest()
    assert window.library.scans.words == "thin and lung · 2 series"


def test_the_series_most_worth_looking_at_is_marked_first_and_a_chosen_one_stays(
    window: MainWindow, made: MadeCt, rest: Callable[[], None], press: Callable[..., None], qtbot: QtBot
) -> None:
    def series(number: int, name: str, count: int, step_mm: float = 2.0, **said: Any) -> None:
        for k in range(count):
            place = (-10, -20, step_mm * (k + (k > 3)))
            made.slice(f"{name}/{k}", made.pixels(k), place, series=str(number), SeriesNumber=str(number),
                       SeriesDescription=name, **said, **JANE)  # fmt: skip

    series(1, "Topogram", 1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    series(2, "Thick", 3)
    window.open_paths([made.folder])
    rest()
    assert titles(window)[1:] == ["Topogram", "Thick"]
    assert marked(window) == "Thick"
    series(3, "Gap", 9)
    series(4, "Thin", 4, 1.0)
    window.library.check_place()
    rest()
    # Nobody chose it, but it is worth a look, and nothing moves under a hand.
    assert marked(window) == "Thick"
    window.library.show_scans(window.library.scans._shown)
    assert marked(window) == "Thin"
    press(window, Qt.Key.Key_Home)
    assert marked(window) == "Topogram"
    series(5, "Thinnest", 4, 0.5)
    window.library.check_place()
    rest()
    assert titles(window)[1:] == ["Topogram", "Thick", "Gap", "Thin", "Thinnest"]
    assert marked(window) == "Topogram"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no name holds such signs")
def test_a_folder_of_an_unreadable_name_has_one_line_for_it(
    window: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    odd = tmp_path / os.fsdecode(b"w\xe9ird\nname")
    folder.rename(odd)
    window.open_paths([odd])
    rest()
    assert places(window)[1][0] == "w\ufffdird\ufffdname"
    assert places(window)[1][1] == str(tmp_path / "w\ufffdird\ufffdname")
    window.desk.library.open_series(window.library.scans.lines.series_ids[0])
    rest()
    assert window.desk.session.volume is not None


def test_what_is_dropped_while_a_sheet_is_open_does_not_come_behind_it(
    window: MainWindow, folder: Path, rest: Callable[[], None]
) -> None:
    window.asking.settings()
    assert window.asking.settings_sheet.is_open
    window.asking.dropped([str(folder / "thin")])
    rest()
    assert not window.asking.settings_sheet.is_open
    assert window.desk.session.workspace is Workspace.REVIEW
    focused = window.focusWidget()
    assert focused is not None
    assert focused.isVisible()


def test_the_commands_of_a_place_need_one(listed: MainWindow, rest: Callable[[], None]) -> None:
    assert listed.actions_["scans.watch"].isEnabled()
    listed.library.show_scans(None)
    listed.actions_.refresh()
    for name in ("check", "watch", "reveal", "forget"):
        assert not listed.actions_[f"scans.{name}"].isEnabled()
        assert listed.actions_[f"scans.{name}"].toolTip()


def test_a_place_is_shown_in_the_file_manager(
    listed: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or True)
    assert listed.actions_.run("scans.reveal")
    assert [url.toLocalFile() for url in asked] == [str(folder)]


def test_a_copy_is_said_at_the_series_without_naming_anybody_while_identity_is_hidden(
    listed: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    shutil.copytree(folder / "thin", tmp_path / "Doe_Jane_backup")
    listed.open_paths([tmp_path / "Doe_Jane_backup"])
    rest()
    listed.library.scans.show_places(None)
    lines = listed.library.scans.lines
    told: list[str] = []
    listed.library.told.connect(told.append)
    listed.library.show_scans(None)
    assert told[-1] == f"{len(lines.series_ids)} series in 2 places"
    (n,) = [n for n in range(lines.rowCount()) if "also in" in lines.caption(n)]
    assert lines.caption(n).endswith("In Doe_Jane, also in Doe_Jane_backup.")
    assert lines.data(lines.index(n), Qt.ItemDataRole.ToolTipRole) == f"{lines.title(n)}\n{lines.caption(n)}"
    listed.desk.session.masked = True
    assert "also in" in lines.caption(n)
    assert "Doe" not in lines.caption(n)


def test_where_copies_of_the_listed_series_lie_is_said_as_it_is_by_now(
    listed: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)
    shutil.rmtree(backup / "thin")
    listed.open_paths([backup])
    rest()
    listed.library.scans.show_places((next(p.id for p in listed.desk.library.places if p.path == str(folder)),))
    lines = listed.library.scans.lines

    def where() -> dict[str, str]:
        return {lines.title(n): lines.caption(n) for n in range(lines.rowCount()) if lines.row(n) is not None}

    assert (where()["Thorax thin"], where()["Thorax lung"]) == ("", "Also in backup.")
    shutil.copytree(folder / "thin", backup / "thin")
    shutil.rmtree(backup / "lung")
    library = listed.desk.library
    copies = next(p.id for p in library.places if p.path == str(backup))
    library.check((copies,))
    rest()
    assert (where()["Thorax thin"], where()["Thorax lung"]) == ("Also in backup.", "")
    library.forget(copies)
    rest()
    assert set(where().values()) == {""}


def test_a_study_of_which_the_series_lie_in_several_places_says_at_each_where(
    window: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    for name in ("thin", "lung"):
        shutil.copytree(folder / name, tmp_path / f"of {name}")
        window.open_paths([tmp_path / f"of {name}"])
        rest()
    scans = window.library.scans
    scans.show_places(None)
    lines = scans.lines
    assert lines.place(0) == ("layers", "2 places")
    assert {lines.caption(n) for n in range(1, lines.rowCount())} == {"In of thin.", "In of lung."}
    scans.show_places((window.desk.library.places[0].id,))
    assert lines.caption(1) == ""


def test_discs_that_call_their_folders_alike_are_told_apart_by_the_folder_before(
    window: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    for disc in ("Monday/export/DICOM", "Tuesday/export/dicom", "Tuesday/thorax"):
        shutil.copytree(folder / "thin", tmp_path / disc)
        window.open_paths([tmp_path / disc])
        rest()
    names = [name for name, _, _ in places(window)[1:]]
    assert sorted(names) == ["Monday/export/DICOM", "Tuesday/export/dicom", "thorax"]
    (n,) = [n for n, name in enumerate(names) if name.startswith("Monday")]
    window.desk.library.forget(window.desk.library.places[n].id)
    rest()
    assert sorted(name for name, _, _ in places(window)[1:]) == ["dicom", "thorax"]


def test_folders_of_discs_that_are_told_apart_by_their_patients_name_do_not_say_it_while_identity_is_hidden(
    window: MainWindow, folder: Path, tmp_path: Path, rest: Callable[[], None]
) -> None:
    for disc in ("Doe_Jane/DICOM", "second opinion/DICOM"):
        shutil.copytree(folder / "thin", tmp_path / disc)
        window.open_paths([tmp_path / disc])
        rest()
    window.desk.session.masked = True
    assert sorted(name for name, _, _ in places(window)[1:]) == ["Masked/DICOM", "second opinion/DICOM"]
