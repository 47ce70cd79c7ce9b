"""What is loaded beside waits while somebody scrolls."""

from types import SimpleNamespace

import pytest
from attrs import evolve

from tests.open_session import view_of
from viewer.domain.session import Session
from viewer.ui import still_hands
from viewer.ui.still_hands import StillHands


class _Clock:
    """Time that passes where something sleeps, and what happens meanwhile."""

    def __init__(self, session: Session) -> None:
        self.now_s = 100.0
        self._session = session
        self.scrolls_until_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.now_s < self.scrolls_until_s:
            self.scroll()

    def scroll(self) -> None:
        view = view_of(self._session)
        x, y, z = view.cursor_lps_mm
        self._session.view = evolve(view, cursor_lps_mm=(x, y, z + 0.1))


@pytest.fixture
def clock(session: Session, monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock(session)
    monkeypatch.setattr(still_hands, "time", SimpleNamespace(monotonic=made.monotonic, sleep=made.sleep))
    return made


def test_nothing_is_loaded_beside_while_somebody_scrolls(session: Session, clock: _Clock) -> None:
    hands = StillHands(session)
    hands.wait()
    assert clock.now_s == 100.0
    clock.scrolls_until_s = 105.0
    clock.scroll()
    assert not hands.still
    hands.wait()
    assert 105.0 < clock.now_s < 107.0
    assert hands.still


def test_what_never_stops_moving_is_not_waited_for_without_end(session: Session, clock: _Clock) -> None:
    hands = StillHands(session)
    clock.scrolls_until_s = 1000.0
    clock.scroll()
    hands.wait()
    assert 120.0 < clock.now_s < 140.0
