"""Where files were chosen stays with the user: dialogs of Qt would write it down, and show it to whoever looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from viewer.ui.main_window import MainWindow


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return what reads all that Qt keeps for the user, in a folder of its own where another program kept a place."""
    kept, usual = QSettings(QSettings.Scope.UserScope, "QtProject"), tmp_path / "own"
    native, user = QSettings.Format.NativeFormat, QSettings.Scope.UserScope
    home = kept.fileName().rpartition("/")[0]
    QSettings.setPath(native, user, str(usual))
    QSettings(user, "QtProject").setValue("FileDialog/history", [_music(tmp_path).as_uri(), tmp_path.as_uri()])

    def read() -> str:
        QSettings(user, "QtProject").sync()
        return "\n".join(path.read_text() for path in usual.rglob("*") if path.is_file())

    yield read
    QSettings.setPath(native, user, home)


def _music(folder: Path) -> Path:
    place = folder / "music"
    place.mkdir(exist_ok=True)
    return place


def choose(path: Path, seen: list[list[str]]) -> None:
    """Answer the next dialog with a path, and note which places it offers."""

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        seen.append(dialog.history())
        field = dialog.findChild(QLineEdit)
        assert field is not None
        field.setText(str(path))
        QTest.keyClick(field, Qt.Key.Key_Return)

    QTimer.singleShot(200, answer)


def test_no_dialog_writes_down_or_shows_where_files_were_chosen(
    window: MainWindow, written: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "DOE_JANE"
    place.mkdir()
    (place / "letter.txt").write_text("no CT")
    seen: list[list[str]] = []
    choose(place / "letter.txt", seen)
    window.asking.open_file()
    monkeypatch.setattr(type(window.desk.library), "last_folder", str(place))
    choose(place / "letter.txt", seen)
    window.asking.open_file()
    choose(place, seen)
    window.asking.open_folder()
    window.desk.session.masked = True
    choose(tmp_path, seen)
    window.asking.open_folder()
    assert len(seen) == 4
    assert not [where for where in seen[-1] if "DOE" in where or "music" in where]
    assert "DOE" not in written()
    assert _music(tmp_path).as_uri() in written()
