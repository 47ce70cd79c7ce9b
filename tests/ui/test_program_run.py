"""Work in another process: it is stopped, begun again, or ends by itself, and each is told as what it is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from viewer.ui.program_run import ProgramRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without asking them")

_STANDS_IN = """#!/bin/sh
told() { echo "{\\"fraction\\": 0.5, \\"what\\": \\"$1\\"}" >&2; }
case "$*" in
*slow*) trap 'sleep 0.5; echo "casestage: stopped." >&2; touch "$0.gone"; exit 130' TERM ;;
*ready*) trap 'echo "Written: late"; exit 0' TERM ;;
*short*) sleep 1.5; echo "Written: short"; exit 0 ;;
*killed*) kill -9 $$ ;;
esac
told working
while :; do sleep 0.05; done
"""


@pytest.fixture
def run(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProgramRun]:
    program = tmp_path / "casestage"
    program.write_text(_STANDS_IN)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    run = ProgramRun()
    yield run
    run.close()


def begun(run: ProgramRun, qtbot: QtBot, words: str) -> None:
    with qtbot.waitSignal(run.progressed):
        run.start([words])


def test_what_is_asked_for_while_the_last_is_still_stopping_is_done_and_told_alone(
    run: ProgramRun, qtbot: QtBot
) -> None:
    begun(run, qtbot, "slow")
    run.cancel()
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        run.start(["short"])
    assert ended.args == [0, "Written: short\n", ""]
    assert not run.running


def test_what_was_written_before_it_could_be_stopped_is_told(run: ProgramRun, qtbot: QtBot) -> None:
    begun(run, qtbot, "ready")
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        run.cancel()
    assert ended.args == [0, "Written: late\n", ""]


def test_what_was_stopped_complains_of_nothing(run: ProgramRun, qtbot: QtBot) -> None:
    begun(run, qtbot, "slow")
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        run.cancel()
    assert ended.args == [-1, "", ""]


def test_what_the_system_ended_was_not_stopped_by_the_user(run: ProgramRun, qtbot: QtBot) -> None:
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        run.start(["killed"])
    code, _, complained = ended.args
    assert code == -1
    assert "unexpectedly" in complained
    assert "try again" in complained


def test_closing_waits_for_all_that_is_stopping(run: ProgramRun, qtbot: QtBot, tmp_path: Path) -> None:
    begun(run, qtbot, "slow")
    begun(run, qtbot, "other")
    run.close()
    assert (tmp_path / "casestage.gone").exists()
