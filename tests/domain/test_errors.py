"""What went wrong is one sentence, whatever the names in it hold."""

from __future__ import annotations

import pickle

from viewer.domain.errors import ModelError


def test_a_name_out_of_a_file_neither_parts_a_sentence_nor_turns_its_reading_around() -> None:
    error = ModelError("“a\u202eb\nc\x07d” cannot be read.", "Copy\n“a\u2066b” again.", "line\nline")
    assert error.sentence == str(error) == "“ab cd” cannot be read."
    assert error.hint == "Copy “ab” again."
    assert error.detail == "line\nline"
    assert pickle.loads(pickle.dumps(error)).sentence == error.sentence
