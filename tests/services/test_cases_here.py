"""What stands among the cases is shown, or it is said why not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.cli.conftest import write_small_case
from viewer.services.cases import installed_cases

if TYPE_CHECKING:
    from pathlib import Path


def test_of_two_cases_with_one_id_it_is_said_which_is_not_shown(tmp_path: Path) -> None:
    write_small_case(tmp_path / "first")
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    shelf = installed_cases([tmp_path])
    assert [case.folder for case in shelf.cases] == [str(tmp_path / "first")]
    (problem,) = shelf.problems
    assert problem.sentence == "The case in “second” is not shown: the one in “first” has the same id, “small-case”."
    assert "another “id” in its case.json" in problem.hint


def test_a_case_of_the_users_own_stands_for_one_that_came_with_the_program_without_a_word(tmp_path: Path) -> None:
    write_small_case(tmp_path / "own" / "case")
    shutil.copytree(tmp_path / "own", tmp_path / "shipped")
    shelf = installed_cases([tmp_path / "own", tmp_path / "shipped"])
    assert [case.folder for case in shelf.cases] == [str(tmp_path / "own" / "case")]
    assert not shelf.problems
