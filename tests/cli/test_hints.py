"""What is typed wrongly is answered with what to type instead, and nothing that was asked for is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import casestage

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.walkthrough import Case


def test_a_path_or_case_to_draw_that_is_not_there_names_the_cases(small_case: Case, tmp_path: Path) -> None:
    said = casestage("render", "nope", "--out", tmp_path / "x.png")
    assert said.is_sentence()
    assert f"Cases on this machine: {small_case.id}, " in said.err


def test_a_model_that_is_not_there_is_not_called_unreadable(tmp_path: Path) -> None:
    said = casestage("models", "check", tmp_path / "nope.onnx")
    assert said.is_sentence()
    assert "There is no file or folder at this place." in said.err
    assert "Errno" not in said.err


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("render", "x", "--out", "y.png", "--size", "0x0"), "64 to 16384 pixels"),
        (("render", "x", "--out", "y.png", "--window", "0/40"), "a width of more than 0"),
        (("render", "x", "--out", "y.png", "--height-mm", "0"), "more than 0"),
        (("phantom", "head", "--out", "y", "--seed", "-1"), "“-1” is not a whole number from 0"),
        (("demo", "--step", "x"), "“x” is not a whole number"),
        (("case", "export", "x", "--most-mb", "0"), "more than 0"),
        (("demo", "--json"), "--list"),
        (("doctor", "--keep"), "--keep"),
        (("doctor", "talk.casepack", "--steps", "2"), "--steps is for a case that is here, not for a pack."),
        (("doctor", "talk.casepack", "--keep"), "--keep is for a case that is here, not for a pack."),
        (("cohort", "evaluate", "."), "casestage cohort run FOLDER --model ID --out DIR"),
        (("doctor", "--steps", "2"), "--steps"),
    ],
)
def test_a_wrong_value_is_answered_with_the_rule(arguments: tuple[str, ...], rule: str) -> None:
    said = casestage(*arguments)
    assert said.code != 0
    assert rule in said.err


def test_the_public_half_of_a_key_does_not_sign_and_says_which_half_does(small_case: Case, tmp_path: Path) -> None:
    assert casestage("pack", "key", "new", "--out", tmp_path / "my.key").code == 0
    said = casestage(
        "pack", "build", small_case.id, "--out", tmp_path / "a.casepack", "--sign", tmp_path / "my.key.pub"
    )
    assert said.is_sentence()
    assert "public half" in said.err
    assert "my.key" in said.err


def test_a_letter_laid_over_a_series_is_refused_in_our_own_words(small_case: Case, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    said = casestage("render", small_case.id, "--labels", tmp_path / "letter.txt", "--out", tmp_path / "x.png")
    assert said.is_sentence()
    assert "force=True" not in said.err


def test_what_can_be_opened_is_told_whole_where_nothing_could(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    for path in (tmp_path, tmp_path / "letter.txt"):
        said = casestage("info", path)
        assert all(kind in said.err for kind in ("DICOM", "NIfTI", "NRRD", "MetaImage", "zip"))


def test_what_is_recorded_is_at_most_what_the_readme_says() -> None:
    assert "of at most 512 MB" in casestage("models", "cache").out


def test_an_archive_can_be_forgotten_where_the_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.archive.extra.is_installed", lambda: False)
    assert casestage("archive", "add", "PACS", "--dimse", "A@localhost:104").code == 0
    assert casestage("archive", "remove", "pacs").code == 0
    assert "No archive is known" in casestage("archive", "list").out
