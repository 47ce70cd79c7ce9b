"""What gives a patient away, and texts without it."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import SliceStack
from viewer.domain.masking import (
    MASKED,
    descriptions,
    folded,
    identity_words,
    masked_description,
    masked_path,
    masked_sentences,
    masked_text,
    names_patient,
    names_patient_in_prose,
    part_words,
)
from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume

JANE = PatientIdentity(name="Müller-Doe^Jane", patient_id="HOSP 4711", accession="A99812")


@pytest.mark.parametrize(
    "text",
    ["Doe thorax", "JANE 1.0 B60f", "muller_ct", "MÜLLER", "CT-DoeJane-2", "HOSP4711", "acc a99812"],
)
def test_a_description_that_names_the_patient_is_masked(text: str) -> None:
    assert masked_text(text, identity_words(JANE)) == MASKED


@pytest.mark.parametrize("text", ["Thorax 1.0 B60f", "Head", "", "lung 471", "Do e"])
def test_other_descriptions_stay(text: str) -> None:
    assert masked_text(text, identity_words(JANE)) == text


@pytest.mark.parametrize("text", ["Li thorax", "CT LI_AN 2", "an"])
def test_names_of_two_letters_mask_what_has_them_as_words(text: str) -> None:
    assert masked_text(text, identity_words(PatientIdentity(name="Li^An", patient_id="7"))) == MASKED


@pytest.mark.parametrize("text", ["Lightning", "liver and spleen", "Angio", "CT 7"])
def test_names_of_two_letters_leave_longer_words_alone(text: str) -> None:
    assert masked_text(text, identity_words(PatientIdentity(name="Li^An", patient_id="7"))) == text


@pytest.mark.parametrize("name", ["Doe^J^R", "de la Cruz^Ana Mª", "Doe^M.D.", "^"])
def test_initials_and_particles_mask_nothing(name: str) -> None:
    words = identity_words(PatientIdentity(name=name))
    assert masked_text("J R de la M D thorax", words) == "J R de la M D thorax"


@pytest.mark.parametrize("text", ["Thorax 山田", "山田さん", "太郎", "やまだ", "김철수 CT", "/data/林-2024"])
def test_names_in_several_scripts_count_however_short_they_are(text: str) -> None:
    who = (
        PatientIdentity(name="Yamada^Tarou=山田^太郎=やまだ^たろう"),
        PatientIdentity(name="Gim^Cheolsu=김^철수"),
        PatientIdentity(name="林^伟"),
    )
    assert names_patient(text, identity_words(*who))
    assert names_patient_in_prose(text, identity_words(*who))


@pytest.mark.parametrize("text", ["19310507", "CT 07.05.1931", "born 1931-05-07", "dob_05/07/1931", "7 1931 05 07"])
def test_a_date_of_birth_gives_its_patient_away_however_it_is_written(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="19310507"))
    assert masked_text(text, words) == MASKED
    assert masked_sentences(text, words) == MASKED


@pytest.mark.parametrize("text", ["Thorax 1931", "0507", "Series 19, 31 images, 05 mm, 07", "20240507", "1931-05-08"])
def test_other_numbers_are_no_date_of_birth(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="1931.05.07"))
    assert masked_text(text, words) == masked_sentences(text, words) == text
    assert identity_words(PatientIdentity(birth_date="31")) == frozenset()


def test_prose_names_a_patient_by_whole_words_and_an_article_is_no_name() -> None:
    words = identity_words(PatientIdentity(name="Li^An"), PatientIdentity(name="Long^Ann"))
    assert not names_patient_in_prose("An epidural bleed along the vault, belonging to Anna", words)
    assert names_patient_in_prose("The bleed of Mrs Long", words)
    assert masked_sentences("An epidural bleed", words) == "An epidural bleed"
    assert masked_sentences("Longer than that", words) == MASKED


def test_folders_named_after_patients_are_masked_one_by_one() -> None:
    words = identity_words(JANE)
    assert masked_path("/data/DOE_JANE/2024/thin", words) == f"/data/{MASKED}/2024/thin"
    assert masked_path("C:\\scans\\jane\\CT", words) == f"C:\\scans\\{MASKED}\\CT"


def test_a_synthetic_series_shows_nobody() -> None:
    who = PatientIdentity(name="SYNTHETIC^PHANTOM", patient_id="SYNTHETIC")
    facts = SeriesFacts("1.2", description="Synthetic: head phantom", identity=who)
    assert masked_description(facts) == MASKED
    assert masked_description(SeriesFacts("1.2", description=facts.description, identity=who, synthetic=True)) != MASKED


def test_case_and_accents_do_not_count_when_words_are_compared() -> None:
    assert folded("MÜLLER Straße Ångström") == folded("muller STRASSE angstrom")


def test_the_name_that_the_program_gave_is_nobodys() -> None:
    given = PatientIdentity(name="CASE-52840B46288C", patient_id="CASE-52840B46288C")
    assert identity_words(given) == frozenset()
    assert "case" in identity_words(PatientIdentity(name="Case^Ann"))


@pytest.mark.parametrize("text", ["CT 1931-05-07", "07.05.1931"])
def test_a_date_of_birth_that_an_old_file_writes_with_dots_gives_its_patient_away_too(text: str) -> None:
    assert masked_text(text, identity_words(PatientIdentity(birth_date="1931.05.07"))) == MASKED


@pytest.mark.parametrize("text", ["CT 7.5.1931", "born 5/7/1931", "1931-5-7_thorax", "dob 07.5.1931"])
def test_a_date_of_birth_written_without_zeros_gives_its_patient_away_too(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="19310507"))
    assert masked_text(text, words) == masked_sentences(text, words) == MASKED
    assert names_patient_in_prose(text, words)


@pytest.mark.parametrize("text", ["751931", "1931-5-17", "7 of 5, 1931"])
def test_digits_that_only_look_like_a_date_of_birth_stay(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="19310507"))
    assert masked_text(text, words) == text


@pytest.mark.parametrize(
    "text",
    [
        "CT 07.05.31",
        "born 5/7/31",
        "31-05-07_thorax",
        "dob 07_05_31",
        "geb. 7. 5. 31",
        "geb.7.5.31.",
        "07 05 31",
        "31.5.7",
    ],
)
def test_a_date_of_birth_with_a_year_of_two_digits_gives_its_patient_away_too(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="19310507"))
    assert masked_text(text, words) == masked_sentences(text, words) == MASKED
    assert names_patient_in_prose(text, words)
    assert masked_path(f"scans/{text.replace('/', '-')}/thin", words) == f"scans/{MASKED}/thin"


@pytest.mark.parametrize(
    "text",
    [
        "Thorax 5.0 B31f", "1.25/0.8", "06:05:31", "07:05:31", "310507", "070531", "5 7 31", "7.5/31", "7.5-31 mm",
        "0.7.5.31", "1.2.840.7.5.31.2", "07.05.311", "2031-05-07", "07.05-31", "5 x 7 x 31 mm", "107.05.31",
        "07.05.31.5", "B31f 5 7", "phase 5/7, 31 %", "7,5,31",
    ],
)  # fmt: skip
def test_ordinary_numbers_are_no_date_of_birth_with_a_year_of_two_digits(text: str) -> None:
    words = identity_words(PatientIdentity(name="Doe^Jane", birth_date="19310507"))
    assert masked_text(text, words) == masked_sentences(text, words) == text
    assert not names_patient_in_prose(text, words)


def test_a_short_name_beside_its_spelling_in_letters_counts() -> None:
    assert names_patient("Thorax 山田", identity_words(PatientIdentity(name="山田 Yamada^Taro")))


def test_sentences_name_a_patient_by_a_date_of_birth_and_not_by_a_longer_word_that_begins_as_the_name() -> None:
    words = identity_words(PatientIdentity(name="Bergmann^Eva", birth_date="19310507"))
    assert names_patient_in_prose("She was born on 07.05.1931.", words)
    assert names_patient_in_prose("Seen by Bergmann.", words)
    assert not names_patient_in_prose("Sent by the Bergmannstrost clinic.", words)


def test_what_a_study_and_a_series_are_called_is_masked_each_by_itself() -> None:
    series = SeriesFacts("1.2.3", description="Thorax", study_description="CT of Doe", identity=JANE)
    assert descriptions(series, masked=True) == (MASKED, "Thorax")
    named = evolve(series, description="Doe thorax", study_description="CT")
    assert descriptions(named, masked=True) == ("CT", MASKED)
    assert descriptions(named, masked=False) == ("CT", "Doe thorax")


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("phase 1 of 2, 12:31:05", "phase 1 of 2"),
        ("phase 1 of 2, 12:31:05.120", "phase 1 of 2"),
        ("phase 1 of 2, 2026-01-02 12:31:05, B60f", "phase 1 of 2, B60f"),
        ("phase 1 of 2, 40 %", "phase 1 of 2, 40 %"),
        ("Doe, 12:31:05", MASKED),
    ],
)
def test_a_part_of_a_series_is_told_without_the_day_and_time_that_it_was_taken(part: str, shown: str) -> None:
    stack = SliceStack((4, 3), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 0.0)])
    values = np.zeros(stack.shape_kji, np.int16)
    volume = Volume(SeriesFacts("1.2.3", identity=JANE), values, stack, values, stack.as_grid(), part=part)
    assert part_words(volume, masked=True) == shown
    assert part_words(volume, masked=False) == part
