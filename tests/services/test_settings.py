"""The user's choices on disk, where the window is not alone with them."""

from pathlib import Path

from viewer.services.settings import Settings


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
