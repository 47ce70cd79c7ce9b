"""Undo and redo."""

from __future__ import annotations

from viewer.domain.history import History


def test_what_was_undone_can_be_done_again_until_something_new_is_done() -> None:
    history: History[str] = History()
    history.push("first")
    history.push("second")
    assert history.undo() == "second"
    assert history.redo() == "second"
    assert history.undo() == "second"
    history.push("third")
    assert not history.can_redo
    assert [history.undo(), history.undo(), history.undo()] == ["third", "first", None]


def test_a_drag_is_one_entry() -> None:
    history: History[int] = History()
    for position in range(10):
        history.push(position, gesture="drag 1")
    assert history.undo() == 0
    assert not history.can_undo


def test_the_oldest_entries_go_when_the_list_is_full() -> None:
    history: History[int] = History(limit=3)
    for number in range(5):
        history.push(number)
    assert [history.undo() for _ in range(4)] == [4, 3, 2, None]
