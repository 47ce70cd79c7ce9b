"""What a command that cannot be asked for now says of the reason: it is true of what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.session import Workspace
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

DESK = (Workspace.REVIEW, Workspace.INSPECT)


def reasons(window: MainWindow) -> dict[str, str]:
    """Return the reason of each command that cannot be asked for now, by the command's id."""
    offered = window.actions_.table.offered(window.desk.session.workspace)
    return {command.id: command.why_not for command in offered if not command.enabled_when()}


def show(window: MainWindow, volume: Volume) -> None:
    session = window.desk.session
    session.volume, session.view, session.workspace = volume, view_of_volume(volume), Workspace.REVIEW


@pytest.mark.parametrize("workspace", DESK)
def test_while_a_scan_is_open_nothing_says_that_none_is(window: MainWindow, head: Volume, workspace: Workspace) -> None:
    show(window, head)
    window.desk.session.workspace = workspace
    said = reasons(window)
    assert said
    assert not {ident: why for ident, why in said.items() if "Nothing is open" in why or "Open a series" in why}


def test_while_images_come_in_what_needs_them_all_says_so(window: MainWindow, head: Volume) -> None:
    show(window, evolve(head, arrived=np.zeros(len(head.slices), np.bool_)))
    said = reasons(window)
    for ident in ("compare.choose", "review.missed", "review.export", "model.run", "making.start"):
        assert "all images are in" in said[ident], ident


@pytest.mark.parametrize("workspace", DESK)
def test_while_nothing_is_open_what_works_on_a_scan_says_so(window: MainWindow, workspace: Workspace) -> None:
    window.desk.session.workspace = workspace
    said = reasons(window)
    groups = ("view.", "measure.", "path.", "compare.", "overlay.", "picture.", "finding.", "making.start", "model.run")
    of_scans = {ident: why for ident, why in said.items() if ident.startswith(groups) and "file_window" not in ident}
    assert len(of_scans) > 60
    assert {why for why in of_scans.values() if not why.startswith("Nothing is open.")} == set()


def test_without_any_finding_nobody_is_sent_to_the_first(window: MainWindow, head: Volume) -> None:
    show(window, head)
    said = reasons(window)
    for ident in ("review.accept", "review.reject", "review.unsure", "review.edit"):
        assert said[ident].startswith("There is no finding yet."), ident


def test_with_findings_the_key_of_the_first_is_told(opened: MainWindow) -> None:
    assert reasons(opened)["review.accept"] == "No finding is selected. Press N for the first."


def test_what_comparing_lacks_is_told(window: MainWindow, head: Volume) -> None:
    show(window, head)
    said = reasons(window)
    for ident in ("compare.curtain_left", "compare.align_again", "compare.close", "compare.line_up"):
        assert said[ident] == "Nothing is compared. Ctrl+D chooses a second series.", ident
    other = window.desk.other.session
    other.volume, other.view = head, view_of_volume(head)
    said = reasons(window)
    assert said["compare.curtain_left"] == "No curtain is drawn. Shift+6 draws one."
    assert said["compare.align_again"] == "The second series lies where its file puts it."


def test_changing_a_case_that_nobody_makes_says_so(window: MainWindow, head: Volume) -> None:
    show(window, head)
    said = reasons(window)
    for ident in ("making.set_view", "making.delete", "making.save", "making.present"):
        assert said[ident].startswith("No case is being made."), ident
