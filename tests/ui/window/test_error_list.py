"""Rows of what was found and missed, in Inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from viewer.domain.finding import MatchState
from viewer.domain.session import Workspace
from viewer.services.inspecting import InspectRow

if TYPE_CHECKING:
    import pytest

    from viewer.domain.finding import Finding
    from viewer.ui.main_window import MainWindow


def test_on_a_small_screen_usual_names_and_places_of_what_was_found_are_read_whole(
    opened: MainWindow, findings: tuple[Finding, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1280, 720)
    QApplication.processEvents()
    finding = evolve(findings[0], label="Ground-glass nodule", place="Right, back")
    opened.inspect.list.rows.set_rows([InspectRow(finding, MatchState.TRUE_POSITIVE, "", 0.66)])
    drawn: list[str] = []
    draw = QPainter.drawText

    def note(painter: QPainter, *rest: object) -> object:
        drawn.append(str(rest[-1]))
        return draw(painter, *rest)

    monkeypatch.setattr(QPainter, "drawText", note)
    opened.inspect.list.grab()
    assert {"Ground-glass nodule", "True positive · Right, back"} <= set(drawn)
