"""What is wrong with several things is told so that one sees what belongs together."""

from __future__ import annotations

from viewer.domain.errors import CaseDocumentError
from viewer.ui.reports import of_problems


def test_what_to_do_stands_beside_what_is_wrong_with_each_case() -> None:
    problems = (
        CaseDocumentError("The case “one” cannot be read: line 3.", "Copy the case again.", "more of it"),
        CaseDocumentError("The case “two” was made by a newer CaseStage."),
    )
    assert of_problems(problems).split("\n\n") == [
        "The case “one” cannot be read: line 3. Copy the case again.\nmore of it",
        "The case “two” was made by a newer CaseStage.",
    ]
