"""Who it is: shown where a reader works, hidden with one key, and never in titles, settings and logs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from tests.ui.window.scans.listed import places, search, titles
from viewer.domain.session import Workspace
from viewer.domain.volume import PatientIdentity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

CONTROL = Qt.KeyboardModifier.ControlModifier


def all_words(window: MainWindow) -> str:
    """Return everything that the page of scans says, tooltips and names for screen readers included."""
    scans = window.library.scans
    said = [window.windowTitle(), scans.words, scans.empty_words, *titles(window)]
    said += [" ".join(words) for words in places(window)]
    for model in (scans.lines, scans.places.places):
        for n in range(model.rowCount()):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                said.append(str(model.data(model.index(n), role)))
    said += [label.text() for label in scans.findChildren(type(scans._told))]
    said += [label.toolTip() for label in scans.findChildren(type(scans._told))]
    if window.messages.message is not None:
        said.append(window.messages.message.report)
    return "\n".join(said)


def test_one_key_hides_who_it_is_everywhere_on_the_page(
    listed: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    listed.library.scans._show_skipped(True)
    shown = all_words(listed)
    for secret in ("DOE", "HOSP4711", "JaneDoe", "Doe_Jane", "letter to Jane"):
        assert secret in shown
    press(listed, Qt.Key.Key_H, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(50)
    assert listed.desk.session.masked
    shown = all_words(listed).casefold()
    for secret in ("doe", "jane", "hosp4711", "acc77"):
        assert secret not in shown
    assert titles(listed) == [
        "[Masked / 2024-01-31 · Staging · 3 series]",
        "Thorax thin",
        "Thorax lung",
        "Masked",
    ]
    search(listed, "jane", qtbot)
    assert titles(listed) == []
    press(listed, Qt.Key.Key_H, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(50)
    assert len(titles(listed)) == 4


def test_skipped_files_are_told_without_names_where_identity_is_hidden(
    window: MainWindow, folder: Path, rest: Callable[[], None]
) -> None:
    for name in ("lung", "JaneDoe"):
        shutil.rmtree(folder / name)
    (folder / "letter to Jane.txt").rename(folder / "images of Jane")
    for masked, wanted in ((False, "images of Jane: "), (True, "Masked: ")):
        window.desk.session.masked = masked
        window.open_paths([folder])
        rest()
        assert window.messages.message is not None
        assert window.messages.message.hint.startswith(wanted)
        assert ("Jane" in window.messages.message.report) is not masked


def test_what_could_not_be_opened_is_not_named_where_identity_is_hidden(
    window: MainWindow, tmp_path: Path, rest: Callable[[], None]
) -> None:
    folder = tmp_path / "Doe_Jane"
    folder.mkdir()
    (folder / "letter to Jane.txt").write_text("no image")
    for masked in (False, True):
        window.desk.session.masked = masked
        for path in (folder, tmp_path / "Roe_Jane"):
            window.open_paths([path])
            rest()
            assert window.messages.message is not None
            assert ("Jane" in window.messages.message.report) is not masked


@pytest.mark.parametrize("place", [Workspace.REVIEW, Workspace.INSPECT, Workspace.LIBRARY])
def test_identity_is_hidden_with_one_key_in_every_workspace(
    opened: MainWindow, place: Workspace, press: Callable[..., None]
) -> None:
    opened.go(place)
    for masked in (True, False):
        press(opened, Qt.Key.Key_H, CONTROL | Qt.KeyboardModifier.ShiftModifier)
        assert opened.desk.session.masked is masked


def test_the_title_says_what_is_open_and_never_who(window: MainWindow, head: Volume) -> None:
    session = window.desk.session
    assert window.windowTitle() == "CaseStage"
    who = PatientIdentity(name="DOE^JANE", patient_id="HOSP4711")
    real = evolve(head.series, synthetic=False, identity=who)
    for description, wanted in (
        ("Thorax 1.0 B60f", "Thorax 1.0 B60f – CaseStage"),
        ("Thorax DoeJane", "Masked – CaseStage"),
        ("hosp4711 lung", "Masked – CaseStage"),
        ("", "CT head – CaseStage"),
    ):
        session.volume = evolve(head, series=evolve(real, description=description))
        assert window.windowTitle() == wanted
    session.volume = None
    assert window.windowTitle() == "CaseStage"


def test_a_description_that_names_the_patient_is_shown_above_only_while_identity_is(
    window: MainWindow, head: Volume
) -> None:
    session = window.desk.session
    who = PatientIdentity(name="DOE^JANE", patient_id="HOSP4711")
    series = evolve(head.series, synthetic=False, identity=who, description="Thorax Jane")
    session.volume = evolve(head, series=series)
    session.workspace = Workspace.REVIEW
    assert window.top._title.whole == "Thorax Jane"
    session.masked = True
    assert window.top._title.whole == "Masked"


def test_no_name_reaches_settings_logs_or_files_outside_the_index(
    listed: MainWindow,
    own_home: Path,
    rest: Callable[[], None],
    press: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    listed.desk.settings.change(last_folder="/scans/DOE_JANE", recent=("/scans/DOE_JANE",))
    listed.opened_places.connect()
    press(listed, Qt.Key.Key_Return)
    rest()
    listed.close()
    said = caplog.text + "".join(capfd.readouterr())
    for path in own_home.rglob("*"):
        if path.is_file() and not path.name.startswith("library.sqlite3"):
            said += path.read_bytes().decode("latin-1")
    for secret in ("doe", "jane", "hosp4711", "acc77"):
        assert secret not in said.casefold()


def test_no_dialog_begins_in_a_folder_that_may_be_named_after_the_patient_while_identity_is_hidden(
    listed: MainWindow, head: Volume, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun: list[str] = []

    def one_of_all(_parent: object, _title: str, start: str, *_: object) -> tuple[str, str]:
        begun.append(start)
        return ("", "")

    def folder_of_all(parent: object, title: str, start: str) -> str:
        return one_of_all(parent, title, start)[0]

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder_of_all)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", one_of_all)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", one_of_all)
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "own")
    desk = listed.desk
    desk.settings.change(export_folder="/exports/DOE_JANE")
    desk.session.volume = head
    ask = (
        listed.asking.open_folder,
        listed.asking.open_file,
        listed.asking.export,
        listed.compared._folder,
        lambda: listed.actions_.run("overlay.open_labels"),
        lambda: listed.actions_.run("overlay.open_map"),
    )

    def all_begun() -> set[str]:
        begun.clear()
        for one in ask:
            one()
        assert len(begun) == len(ask)
        return set(begun)

    desk.session.workspace = Workspace.REVIEW
    assert all_begun() == {str(folder), "/exports/DOE_JANE"}
    desk.session.masked = True
    assert all_begun() == {str(tmp_path / "own")}
