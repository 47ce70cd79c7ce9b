"""Notes with prepared answers."""

from viewer.domain.presenter_notes import PreparedAnswer, parse_notes

NOTES = """Wait for an answer.

It is the lens shape.

Q: How is the volume measured?
A: The sum of the outlined voxels.
Step 5 shows it.

q: Was it trained
on this case?
A: No.
"""


def test_notes_end_where_the_first_question_begins() -> None:
    assert parse_notes(NOTES).told == "Wait for an answer.\n\nIt is the lens shape."


def test_each_question_has_its_answer_and_the_step_that_it_names() -> None:
    assert parse_notes(NOTES).answers == (
        PreparedAnswer("How is the volume measured?", "The sum of the outlined voxels.\nStep 5 shows it.", 4),
        PreparedAnswer("Was it trained on this case?", "No."),
    )


def test_notes_without_questions_stay_whole() -> None:
    assert parse_notes("A: is a letter here.\nFAQ: none") == parse_notes("A: is a letter here.\nFAQ: none\n")
    assert parse_notes("A: is a letter here.").told == "A: is a letter here."
    assert parse_notes("").told == ""
    assert parse_notes("Q:\nA: nobody asked").answers == ()
