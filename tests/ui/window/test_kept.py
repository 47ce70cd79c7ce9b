"""What is there again at the next start, and the file of hanging rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtGui import QDesktopServices

from viewer.domain.view_state import Layout, ViewName
from viewer.services.places import config_folder
from viewer.services.settings import Settings
from viewer.services.views import view_of_volume
from viewer.ui.canvas.tiles import Tool

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow


def stored() -> Settings:
    return Settings(config_folder() / "settings.json")


def test_the_rate_and_direction_of_cine_are_remembered(opened: MainWindow) -> None:
    opened.actions_.run("view.cine_faster")
    opened.actions_.run("view.cine_back_and_forth")
    assert (stored().now.cine_rate, stored().now.cine_back_and_forth) == (20, True)


def test_the_tool_in_use_is_remembered_but_not_one_that_measures(opened: MainWindow) -> None:
    opened.actions_.run("view.tool_pan")
    assert stored().now.tool == Tool.PAN
    opened.actions_.run("measure.length")
    assert stored().now.tool == Tool.PAN


def test_the_hanging_rules_open_in_the_editor_as_a_copy_of_the_usual_ones(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()) or True)
    assert opened.actions_.run("app.hanging")
    path = config_folder() / "hanging.toml"
    assert asked == [str(path)]
    assert "[[rule]]" in path.read_text()


def test_where_no_editor_is_there_the_file_is_named(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    opened.actions_.run("app.hanging")
    assert opened.messages.message is not None
    assert str(config_folder() / "hanging.toml") in opened.messages.message.sentence


def test_what_is_wrong_with_the_rules_can_be_mended_from_the_message_which_goes_once_it_is(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()) or True)
    file = config_folder() / "hanging.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[[rule]]\nlayout = "3x3"\n')
    opened.actions_.run("view.hang")
    message = opened.messages.message
    assert message is not None
    assert "3x3" not in message.sentence
    assert "must be one of 2x2" in message.sentence
    file.write_text('[[rule]]\nlayout = "1+3"\nlarge = "coronal"\n')
    opened.actions_.run("view.hang")
    assert opened.messages.message is None
    view = opened.desk.session.view
    assert view is not None
    assert (view.layout, view.main) == (Layout.STAGE, ViewName.CORONAL)
    file.write_text("[[rule]\n")
    opened.actions_.run("view.hang")
    opened.messages.act()
    assert asked == [str(file)]


def test_hanging_again_is_one_step_for_back(opened: MainWindow) -> None:
    session = opened.desk.session
    opened.actions_.run("view.zoom_in")
    opened.actions_.run("view.invert")
    changed = session.view
    assert opened.actions_.run("view.hang")
    assert session.view is not None
    assert not session.view.invert
    opened.actions_.run("go.back")
    opened.desk.navigation.finish()
    assert session.view == changed


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("view.zoom_in", "view.slab_thicker", "view.turn_left"), "view.reset"),
        (("view.zoom_in",), "view.fit"),
        (("view.turn_left",), "view.straighten"),
        (("view.cut_3d_axial",), "view.whole_3d"),
    ],
)
def test_what_resets_what_was_set_by_hand_is_taken_back_by_back(
    opened: MainWindow, first: tuple[str, ...], then: str
) -> None:
    session = opened.desk.session
    for command in first:
        assert opened.actions_.run(command)
    set_by_hand = session.view
    assert opened.actions_.run(then)
    assert session.view != set_by_hand
    assert opened.actions_.run("go.back")
    opened.desk.navigation.finish()
    assert session.view == set_by_hand


def test_keys_act_on_the_view_that_was_hung_large(opened: MainWindow) -> None:
    opened.canvas.active = ViewName.CORONAL
    file = config_folder() / "hanging.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[[rule]]\nlayout = "1+3"\nlarge = "sagittal"\n')
    opened.actions_.run("view.hang")
    before = opened.desk.session.view
    opened.actions_.run("view.next_image")
    after = opened.desk.session.view
    assert before is not None
    assert after is not None
    moved = [now != then for now, then in zip(after.cursor_lps_mm, before.cursor_lps_mm, strict=True)]
    assert moved == [True, False, False]


def test_a_view_that_was_maximised_in_another_series_does_not_say_what_layout_to_go_back_to(
    opened: MainWindow, head: Volume
) -> None:
    session = opened.desk.session
    opened.actions_.run("view.layout_stage")
    opened.actions_.run("view.maximise")
    session.volume = None
    session.view = evolve(view_of_volume(head), layout=Layout.SINGLE, main=ViewName.AXIAL)
    session.volume = head
    session.view = evolve(session.view, series_uid="1.2.3")
    opened.actions_.run("view.maximise")
    assert session.view.layout is Layout.FOUR


def test_a_view_that_was_maximised_is_not_how_the_next_scan_opens(opened: MainWindow) -> None:
    opened.desk.session.case = None
    opened.actions_.run("view.layout_stage")
    opened.actions_.run("view.maximise")
    opened.actions_.run("view.next_view")
    assert opened.desk.opening.usual.layout is Layout.STAGE
    opened.actions_.run("view.layout_four")
    assert opened.desk.opening.usual.layout is Layout.FOUR
    opened.actions_.run("view.layout_single")
    assert opened.desk.opening.usual.layout is Layout.SINGLE


def test_what_is_said_of_a_scan_closes_when_another_opens(opened: MainWindow, head: Volume) -> None:
    opened.asking.why_geometry()
    assert opened.asking.geometry_sheet.is_open
    other = evolve(head, series=evolve(head.series, series_uid="1.2.3"))
    opened.desk.session.view = None
    opened.desk.session.volume = other
    assert not opened.asking.geometry_sheet.is_open


def test_the_unit_of_values_that_are_no_hu_is_named_where_the_file_names_it(opened: MainWindow, head: Volume) -> None:
    sheet = opened.asking.geometry_sheet
    sheet.tell(evolve(head, unit="MGML"))
    assert "Values are mg/mL, not Hounsfield units: windows and 3D looks for CT are not used." in sheet.words
    sheet.tell(evolve(head, unit="HU_MOD"))
    assert "that were modified (HU_MOD)" in sheet.words
    sheet.tell(evolve(head, unit="unknown"))
    assert "the file does not say so" in sheet.words
    sheet.tell(head)
    assert "Hounsfield" not in sheet.words
