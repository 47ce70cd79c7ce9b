from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import casestage

if TYPE_CHECKING:
    from pathlib import Path

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
