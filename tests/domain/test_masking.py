"""What gives a patient away, and texts without it."""

from __future__ import annotations

import pytest

from viewer.domain.masking import MASKED, folded, identity_words, masked_description, masked_path, masked_text
from viewer.domain.volume import PatientIdentity, SeriesFacts

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


def test_short_parts_of_names_mask_nothing() -> None:
    assert identity_words(PatientIdentity(name="Li^An", patient_id="7")) == frozenset()


def test_names_in_several_scripts_count() -> None:
    words = identity_words(PatientIdentity(name="Yamada^Tarou=山田山^太郎郎=やまだ^たろう"))
    assert masked_text("Thorax 山田山", words) == MASKED


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
