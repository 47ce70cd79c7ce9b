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


def test_whoever_shows_undo_and_redo_is_told_of_every_change() -> None:
    history: History[str] = History()
    told: list[tuple[bool, bool]] = []
    history.changed.connect(lambda: told.append((history.can_undo, history.can_redo)))
    history.push("first")
    history.push("second", gesture="drag")
    history.push("third")
    history.undo()
    history.push("second, moved on", gesture="drag")
    assert told[-1] == (True, False)
    history.undo()
    history.redo()
    history.redo()
    history.clear()
    assert told[4:] == [(True, False), (True, True), (True, False), (False, False)]
    assert history.undo() is None


def test_what_was_forgotten_cannot_be_done_again() -> None:
    history: History[str] = History()
    history.push("first")
    history.undo()
    history.clear()
    assert history.redo() is None
