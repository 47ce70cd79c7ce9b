"""The user's choices on disk, where the window is not alone with them."""

import json
from pathlib import Path

import pytest

from viewer.services.settings import Choices, Settings


def test_what_another_program_chose_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window = Settings(path)
    window.change(theme="light")
    command = Settings(path)
    command.change(archives=("PACS",), archive="PACS")
    window.change(layout="single")
    after = Settings(path).now
    assert (after.archives, after.archive, after.layout, after.theme) == (("PACS",), "PACS", "single", "light")
    assert window.now == after


def test_ones_own_choice_holds_where_both_chose_and_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window = Settings(path)
    window.change(theme="light", cine_rate=10)
    Settings(path).change(cine_rate=20)
    window.change(cine_rate=30)
    assert Settings(path).now.cine_rate == 30
    path.write_text("{ half")
    window.change(layout="single")
    after = Settings(path).now
    assert (after.theme, after.cine_rate, after.layout) == ("light", 30, "single")


def test_settings_that_an_editor_saved_with_its_mark_at_the_front_hold(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"kiosk_idle_s": 90}\r\n', encoding="utf-8-sig")
    settings = Settings(path)
    assert (settings.now.kiosk_idle_s, settings.unread) == (90.0, None)


@pytest.mark.parametrize("content", ["{ half", "", "[]", "[" * 100_000, '{"reader": "Ä"'])
def test_settings_that_cannot_be_understood_are_told_of_and_kept_beside_the_new_ones(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="utf-8")
    settings = Settings(path)
    assert settings.now == Choices()
    assert settings.unread is not None
    assert "settings-unread.json" in settings.unread.hint
    assert path.read_text(encoding="utf-8") == content
    settings.change(theme="light")
    assert (tmp_path / "settings-unread.json").read_text(encoding="utf-8") == content
    again = Settings(path)
    assert (again.now.theme, again.unread) == ("light", None)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["settings-unread.json", "settings.json"]


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "Infinity", "-Infinity", "true", "null", '"x"'])
def test_a_number_that_is_none_leaves_the_other_choices_as_they_are(tmp_path: Path, number: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{"match_overlap": {number}, "reader": "Dr. Ä", "theme": "light"}}', encoding="utf-8")
    settings = Settings(path)
    assert (settings.now.reader, settings.now.theme, settings.unread) == ("Dr. Ä", "light", None)
    assert settings.now.match_overlap in (0.1, 1.0)
    settings.change(cine_rate=10)
    assert json.loads(path.read_text())["reader"] == "Dr. Ä"


def test_where_there_are_no_settings_yet_nothing_is_told(tmp_path: Path) -> None:
    assert Settings(tmp_path / "settings.json").unread is None
