"""What the papers of the project say of tests is true."""

from __future__ import annotations

import ast
import csv
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def _tests_in(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_risk_has_a_control_and_a_test_that_is_there(repository: Path) -> None:
    with (repository / "docs" / "RISKS.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len(rows) > 0
    for row in rows:
        assert row["hazard"], row["id"]
        assert row["control"], row["id"]
        name, _, test = row["test"].partition("::")
        assert (repository / name).is_file(), row["id"]
        found = _tests_in(repository / name)
        assert found, row["id"]
        assert not test or test in found, row["id"]


@pytest.mark.parametrize("name", ["README.md", "docs/INTENDED_USE.md", "docs/SECURITY.md"])
def test_files_that_a_document_shows_or_links_are_there(repository: Path, name: str) -> None:
    document = repository / name
    # What stands between backticks is an example of how to write one.
    text = re.sub(r"`[^`\n]+`", "", document.read_text("utf-8"))
    links = re.findall(r"\]\(([^)#]+)\)", text)
    for link in links:
        if "://" not in link:
            assert (document.parent / link).is_file(), link
