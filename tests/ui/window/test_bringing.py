"""Packs and models that are dropped or opened: said what they are, and installed once that is wanted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import write_series, write_small_case
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.io.pack_signature import new_key
from viewer.io.pack_writing import write_pack
from viewer.io.shipped import shipped
from viewer.services.places import config_folder, data_folder
from viewer.services.trusted_keys import FILE_NAME, TrustedKeys

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


@pytest.fixture(scope="session")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same case in a pack that is signed and in one that is not."""
    folder = tmp_path_factory.mktemp("packs")
    write_small_case(folder / "case")
    new_key(folder / "my.key")
    write_pack(folder / "plain.casepack", [folder / "case"], [], JobContext())
    write_pack(folder / "signed.casepack", [folder / "case"], [], JobContext(), key=folder / "my.key")
    return folder


def offered(window: MainWindow, qtbot: QtBot, *paths: Path) -> Any:
    window.messages.clear()
    window.open_paths(paths)
    qtbot.waitUntil(lambda: window.messages.message is not None, timeout=20_000)
    return window.messages.message


def after_install(window: MainWindow, qtbot: QtBot, words: str) -> str:
    window.messages.act()
    qtbot.waitUntil(lambda: words in (window.messages.message or None).sentence, timeout=60_000)
    return window.messages.message.sentence


def titles(window: MainWindow) -> list[str]:
    assert window.library.shelf is not None
    return [case.title for case in window.library.shelf.cases]


def test_a_pack_is_installed_once_that_is_wanted(window: MainWindow, packs: Path, qtbot: QtBot) -> None:
    message = offered(window, qtbot, packs / "plain.casepack")
    assert message.sentence == "A pack with “A small case”."
    assert message.hint == "Not signed: install it only where you know its maker."
    assert message.action == "Install"
    assert titles(window) == []
    assert window.desk.session.volume is None
    assert after_install(window, qtbot, "Installed") == "Installed: “A small case”."
    assert titles(window) == ["A small case"]
    again = offered(window, qtbot, packs / "plain.casepack")
    assert again.action == "Replace"
    assert again.hint.endswith("It takes the place of “A small case”.")
    after_install(window, qtbot, "Installed")
    assert titles(window) == ["A small case"]


def test_the_case_that_was_installed_is_the_one_that_enter_presents(
    window: MainWindow, packs: Path, qtbot: QtBot
) -> None:
    write_small_case(data_folder() / "cases" / "here-before", "here-before")
    window.library.refresh()
    assert window.library.case_in_hand.id == "here-before"
    offered(window, qtbot, packs / "plain.casepack")
    after_install(window, qtbot, "Installed")
    assert len(window.library.shelf.cases) == 2
    assert window.library.case_in_hand.id == "small-case"


def test_who_signed_a_pack_is_said_before_it_is_installed(window: MainWindow, packs: Path, qtbot: QtBot) -> None:
    message = offered(window, qtbot, packs / "signed.casepack")
    assert message.hint == "Signed by a key that is not trusted here."
    from viewer.io.pack import signer_of

    key = signer_of(packs / "signed.casepack")
    assert key is not None
    TrustedKeys(config_folder() / FILE_NAME).trust(key, "Acme")
    assert offered(window, qtbot, packs / "signed.casepack").hint == "Signed by Acme, whom you trust."


def test_a_damaged_pack_is_refused_and_nothing_of_it_is_there(
    window: MainWindow, packs: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    raw = bytearray((packs / "plain.casepack").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "bad.casepack").write_bytes(raw)
    assert offered(window, qtbot, tmp_path / "bad.casepack").action == "Install"
    window.messages.act()
    qtbot.waitUntil(lambda: "checked" not in (window.messages.message or None).sentence, timeout=20_000)
    assert "Installed" not in window.messages.message.sentence
    assert titles(window) == []
    assert not list((data_folder() / "cases").glob("*"))


def test_a_model_is_put_among_the_models(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "Köpfe 100%"
    shutil.copytree(shipped("resources/models/anatomy"), source)
    manifest = (source / "model.toml").read_text(encoding="utf-8")
    (source / "model.toml").write_text(manifest.replace('id = "anatomy"', 'id = "mine"'), encoding="utf-8")
    assert "mine" not in [card.id for card in window.desk.finding_run.models()]
    for path in (source, source / "model.toml"):
        message = offered(window, qtbot, path)
        assert message.sentence.startswith("This folder holds a model: Anatomy by rules")
    assert message.action == "Add"
    assert after_install(window, qtbot, "can be run").endswith("can be run now.")
    qtbot.waitUntil(lambda: window.desk.finding_run.known, timeout=20_000)
    assert "mine" in [card.id for card in window.desk.finding_run.models()]
    assert offered(window, qtbot, source).action == "Replace"


def test_scans_beside_a_pack_are_opened_and_the_pack_is_offered(window: MainWindow, packs: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.desk.opening.opened, timeout=20_000):
        window.open_paths([packs / "plain.casepack", packs / "case" / "ct"])
    qtbot.waitUntil(lambda: window.messages.message is not None, timeout=20_000)
    assert window.messages.message is not None
    assert window.messages.message.action == "Install"


@pytest.mark.parametrize("name", ["", "case.json"])
def test_a_case_that_is_opened_by_its_path_shows_its_images_and_can_be_presented(
    window: MainWindow, packs: Path, qtbot: QtBot, name: str
) -> None:
    message = offered(window, qtbot, packs / "case" / name)
    assert message.sentence == "This is the case “A small case”."
    assert message.hint == "What opens are its images alone, without its steps and findings."
    assert message.action == "Present it"
    session = window.desk.session
    qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=20_000)
    assert window.messages.message is message
    # Over another scan it would be read as that one's.
    write_series(packs / "another", number=7)
    with qtbot.waitSignal(window.desk.opening.opened, timeout=20_000):
        window.open_paths([packs / "another"])
    assert window.messages.message is None
    message = offered(window, qtbot, packs / "case" / name)
    window.messages.act()
    qtbot.waitUntil(lambda: session.case is not None and session.step is not None, timeout=20_000)
    assert session.workspace is Workspace.PRESENT


def test_a_case_whose_pictures_are_made_at_first_use_is_opened_by_its_path_too(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    shutil.copytree(shipped("demo_cases/liver-lesions"), tmp_path / "liver")
    message = offered(window, qtbot, tmp_path / "liver")
    assert message.sentence.startswith("This is the case “")
    assert message.hint == "Made at first use, about 10 s."
    assert message.action == "Present it"


def test_a_folder_with_a_damaged_case_opens_as_the_scan_that_it_holds(
    window: MainWindow, packs: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    shutil.copytree(packs / "case", tmp_path / "case")
    (tmp_path / "case" / "case.json").write_text("{", encoding="utf-8")
    with qtbot.waitSignal(window.desk.opening.opened, timeout=20_000):
        window.open_paths([tmp_path / "case"])
    assert window.messages.message is not None
    assert window.messages.message.action == ""


def test_of_a_case_of_two_scans_that_is_opened_while_reviewing_the_list_says_which_case_it_is(
    reading: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    write_small_case(tmp_path / "case")
    write_series(tmp_path / "case" / "before", number=2)
    reading.open_paths([tmp_path / "case"])
    qtbot.waitUntil(lambda: reading.desk.session.workspace is Workspace.LIBRARY, timeout=20_000)
    qtbot.wait(50)
    assert reading.messages.message is not None
    assert reading.messages.message.sentence == "This is the case “A small case”."
    assert reading.messages.message.action == "Present it"
