"""An association's reactor is paused when it says so: else it takes answers from whoever asks."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.association import Association

from viewer.io.archive import dimse
from viewer.io.archive.checkpoint import Checkpoint


class Reactor(threading.Thread):
    """Goes round as pynetdicom's does, on a machine that holds it up wherever it hurts."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._is_paused = False
        self.ends = False
        self.taken = 0
        self.checkpoint: Any = Checkpoint(self)

    def run(self) -> None:
        while not self.ends:
            self._is_paused = True
            self.checkpoint.wait()
            time.sleep(0.005)
            self._is_paused = False
            self.taken += 1
            time.sleep(0.001)


@pytest.fixture
def reactor() -> Any:
    made = Reactor()
    made.start()
    yield made
    made.ends = True
    made.checkpoint.set()
    made.join(5)


def test_while_somebody_asks_the_reactor_takes_nothing(reactor: Reactor) -> None:
    for n in range(40):
        reactor.checkpoint.clear()
        until = time.monotonic() + 5
        while not reactor._is_paused:
            assert time.monotonic() < until
            time.sleep(0.0001)
        before = reactor.taken
        time.sleep(0.012)
        assert reactor.taken == before
        reactor.checkpoint.set()
        time.sleep(n * 0.0004)


def test_the_reactor_goes_on_between_questions(reactor: Reactor) -> None:
    reactor.checkpoint.clear()
    reactor.checkpoint.set()
    before = reactor.taken
    time.sleep(0.2)
    assert reactor.taken > before
    assert reactor.checkpoint.is_set()


def test_every_association_has_such_a_checkpoint() -> None:
    assert dimse.entity("CASESTAGE").ae_title == "CASESTAGE"
    assert isinstance(Association(AE(), "requestor")._reactor_checkpoint, Checkpoint)
