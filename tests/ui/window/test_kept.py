"""What is there again at the next start, and the file of hanging rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QDesktopServices

from viewer.services.places import config_folder
from viewer.services.settings import Settings
from viewer.ui.canvas.tiles import Tool

if TYPE_CHECKING:
    import pytest

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
