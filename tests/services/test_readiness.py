from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.services import readiness
from viewer.services.readiness import Looked, Readiness, State, looked_at_computer

if TYPE_CHECKING:
    import pytest


def test_the_verdict_is_a_line_that_anyone_understands() -> None:
    fine = Looked("Files", "all there")
    slow = Looked("Step 4", "in 2.1 s", State.SLOW, "Close other programs.", "step 4 takes 2.1 s")
    bad = Looked("Disk", "full", State.BAD, "Free some space.", "the disk is full")
    note = Looked("Graphics", "drawn by the processor", State.NOTE)
    assert Readiness("A case", (fine, note)).words == "Ready"
    assert Readiness("A case", (fine, slow, note)).words == "Ready but slow (step 4 takes 2.1 s)"
    assert Readiness("A case", (fine, slow, bad)).words == "Not ready (the disk is full)"
    many = tuple(Looked(f"Step {n}", "", State.SLOW) for n in range(1, 6))
    assert Readiness("A case", many).words == "Ready but slow (step 1, step 2, step 3, and 2 more)"


def test_a_computer_without_memory_or_room_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "free_bytes", lambda: 100_000_000)
    looked = {one.name: one for one in looked_at_computer()}
    assert looked["Memory"].state is State.BAD
    assert looked["Memory"].hint == "Close other programs."
    assert "needed" in looked["Memory"].found
    assert looked["Disk"].state in (State.OK, State.BAD)
