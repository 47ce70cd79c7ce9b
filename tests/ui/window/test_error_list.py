"""Rows of what was found and missed, in Inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtWidgets import QApplication

from viewer.domain.finding import MatchState
from viewer.domain.session import Workspace
from viewer.services.inspecting import InspectRow

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.ui.main_window import MainWindow


def test_on_a_small_screen_usual_names_and_places_of_what_was_found_are_read_whole(
    opened: MainWindow, findings: tuple[Finding, ...], drawn: list[str]
) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1280, 720)
    QApplication.processEvents()
    finding = evolve(findings[0], label="Ground-glass nodule", place="Right, back")
    opened.inspect.list.rows.set_rows([InspectRow(finding, MatchState.TRUE_POSITIVE, "", 0.66)])
    opened.inspect.list.grab()
    assert {"Ground-glass nodule", "True positive · Right, back"} <= set(drawn)


def test_where_the_list_is_narrow_how_a_finding_counts_is_said_in_short_and_its_place_whole(
    opened: MainWindow, findings: tuple[Finding, ...], drawn: list[str]
) -> None:
    opened.go(Workspace.INSPECT)
    opened.resize(1024, 600)
    QApplication.processEvents()
    finding = evolve(findings[0], label="Nodule", place="Left, upper")
    states = [MatchState.TRUE_POSITIVE] * 9 + [MatchState.FALSE_POSITIVE]
    rows = [InspectRow(evolve(finding, id=str(n)), state, "", 0.66) for n, state in enumerate(states)]
    opened.inspect.list.rows.set_rows(rows)
    QApplication.processEvents()
    for end in (opened.inspect.list.scrollToTop, opened.inspect.list.scrollToBottom):
        end()
        opened.inspect.list.grab()
    assert {"TP · Left, upper", "FP · Left, upper"} <= set(drawn)
    assert not [words for words in drawn if "…" in words]


def test_a_tile_tells_name_state_volume_and_score_whole(
    opened: MainWindow, findings: tuple[Finding, ...], drawn: list[str]
) -> None:
    opened.go(Workspace.INSPECT)
    tiles = opened.inspect.tiles
    tiles.resize(486, 400)
    found = evolve(findings[0], label="Ground-glass nodule")
    rows = (
        InspectRow(found, MatchState.FALSE_POSITIVE, "", 0.66),
        InspectRow(evolve(found, id="other", label="Solid nodule"), MatchState.MISSED, "", None),
    )
    tiles.show_rows(rows, None)
    drawn.clear()
    tiles.grab()
    assert {"Ground-glass nodule", "False positive", "score 0.66", "Solid nodule", "Missed", "no finding"} <= set(drawn)
    assert sum(word.endswith(" mL") for word in drawn) == 2
