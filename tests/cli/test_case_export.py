from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import qInstallMessageHandler

from tests.cli.conftest import casestage
from viewer.ui.canvas.paint_plane import PlanePainter

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QPainter

    from viewer.domain.walkthrough import Case


def test_a_case_is_left_behind_as_pictures_and_a_page(small_case: Case, tmp_path: Path) -> None:
    said = casestage("case", "export", small_case.id, "--png", tmp_path / "png", "--html", tmp_path / "case.html")
    assert said.code == 0, said.err
    assert len(list((tmp_path / "png").glob("*.png"))) == len(small_case.steps)
    assert "Synthetic · Not for diagnostic use" in (tmp_path / "case.html").read_text(encoding="utf-8")
    assert "MB" in said.out


def test_what_cannot_be_written_is_said_before_any_work(small_case: Case, tmp_path: Path) -> None:
    for words, sentence in (
        ((), "Nothing was asked for."),
        (("--pdf", tmp_path / "case.doc"), "does not end in .pdf"),
        (("--film", tmp_path / "case.avi"), "does not end in .webm or .mp4"),
        (("--html", tmp_path / "no" / "case.html"), "does not exist"),
        (("--film", tmp_path / "case.webm", "--seconds", "900"), "1 to 60 seconds"),
    ):
        said = casestage("case", "export", small_case.id, *words)
        assert said.code == 1
        assert sentence in said.err
    assert list(tmp_path.glob("case.*")) == []


def test_a_case_that_is_not_here_is_named_with_those_that_are(tmp_path: Path) -> None:
    said = casestage("case", "export", "nothing", "--pdf", tmp_path / "a.pdf")
    assert said.code == 1
    assert "There is no case called “nothing” here." in said.err
    assert "head-epidural" in said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_while_a_picture_is_painted_ends_in_one_sentence_and_leaves_nothing(
    small_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    said_by_qt: list[str] = []
    asked: list[signal.Signals] = []
    paint = PlanePainter.paint

    def interrupted(self: PlanePainter, painter: QPainter, *where: Any, **how: Any) -> Any:
        painter.save()
        if not asked:
            asked.append(number)
            os.kill(os.getpid(), number)
        painted = paint(self, painter, *where, **how)
        painter.restore()
        return painted

    monkeypatch.setattr(PlanePainter, "paint", interrupted)
    before = qInstallMessageHandler(lambda _kind, _where, words: said_by_qt.append(words))
    try:
        said = casestage("case", "export", small_case.id, "--film", tmp_path / "case.webm")
    finally:
        qInstallMessageHandler(before)
    assert said.code == 130
    assert said.err.strip() == "casestage: stopped."
    assert said_by_qt == []
    assert list(tmp_path.glob("*.webm*")) == []
