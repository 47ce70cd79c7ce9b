"""What a session that has something open shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume


def view_of(session: Session) -> ViewState:
    assert session.view is not None
    return session.view


def volume_of(session: Session) -> Volume:
    assert session.volume is not None
    return session.volume
