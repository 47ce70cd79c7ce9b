"""How much memory there is and is used is known on every system: what would not fit is refused, not tried."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from viewer.domain.errors import TooLargeError
from viewer.io.memory import allowed_bytes, refuse_if_too_large
from viewer.io.system_memory import free_bytes, resident_bytes


@pytest.fixture(params=["win32", "darwin"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", request.param)


class _Free:
    def __init__(self, available: int) -> None:
        self.available = available


@pytest.mark.usefixtures("elsewhere")
def test_a_series_that_a_small_laptop_has_no_room_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: _Free(1 << 30))
    assert allowed_bytes() < 1 << 30
    refuse_if_too_large(400, 512, 512, 2)
    with pytest.raises(TooLargeError):
        refuse_if_too_large(2000, 512, 512, 2)


@pytest.mark.usefixtures("elsewhere")
def test_a_system_that_does_not_say_refuses_no_usual_series(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> _Free:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "virtual_memory", refused)
    refuse_if_too_large(400, 512, 512, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="holds the library against the files that Linux tells by")
def test_both_ways_of_asking_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    here = resident_bytes(), resident_bytes(os.getppid()), free_bytes()
    monkeypatch.setattr(sys, "platform", "darwin")
    there = resident_bytes(), resident_bytes(os.getppid()), free_bytes()
    assert here[:2] == pytest.approx(there[:2], rel=0.1)
    # The library knows of no control group, which may leave less.
    assert 0 < here[2] <= there[2] * 1.1


@pytest.mark.usefixtures("elsewhere")
def test_a_process_that_is_gone_holds_nothing() -> None:
    assert resident_bytes(2**22 + 1) == 0
