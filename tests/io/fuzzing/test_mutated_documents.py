"""Documents that were changed in any way: each is read as it stands, or refused in a sentence with a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.io.fuzzing.documents import Documents

if TYPE_CHECKING:
    from pathlib import Path

_COUNT = 250


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    folder: Path = tmp_path_factory.mktemp("documents")
    return Documents(folder)


@pytest.mark.parametrize("kind", ["case", "findings", "model", "pack"])
def test_a_changed_document_is_read_as_it_stands_or_refused_in_a_sentence(documents: Documents, kind: str) -> None:
    wrong = [f"{kind} {n}: {problem}" for n in range(_COUNT) if (problem := documents.problem(kind, n))]
    assert not wrong, "\n".join(map(ascii, wrong))
