"""Whose images a series holds, by the names that they bear."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict


def axial(count: int, first: float = 0.0) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, first + 2.0 * k) for k in range(count)]


def test_patients_without_an_id_are_told_apart_by_their_names(made_ct: Any) -> None:
    made_ct.stack(axial(4), PatientID=None, PatientName="Adam^A")
    made_ct.stack(axial(3, first=8.0), prefix="b", PatientID=None, PatientName="Berg^B")
    first, second = opened(made_ct)
    assert (first.stack.count, first.reasons) == (
        4,
        ("The UID of this series is also on 3 images of another patient; they are listed apart.",),
    )
    assert (second.stack.count, second.series.identity.name) == (3, "Berg^B")


@pytest.mark.parametrize("names", [("Adam^A", "ADAM^A "), ("Adam^A", None)])
def test_a_name_spelled_otherwise_or_left_out_is_no_other_patient(made_ct: Any, names: tuple[str, str | None]) -> None:
    made_ct.stack(axial(4), PatientID=None, PatientName=names[0])
    made_ct.stack(axial(3, first=8.0), prefix="b", PatientID=None, PatientName=names[1])
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.reasons) == (7, ())


@pytest.mark.parametrize(
    ("keyword", "values", "what"),
    [
        ("PatientName", ("Adam^A", "Berg^B"), "names"),
        ("PatientBirthDate", ("19500101", "19800101"), "birth dates"),
        ("PatientSex", ("F", "M"), "sexes"),
    ],
)
def test_a_series_whose_images_bear_two_persons_under_one_id_is_not_trusted(
    made_ct: Any, keyword: str, values: tuple[str, str], what: str
) -> None:
    for k, place in enumerate(axial(6)):
        made_ct.slice(f"{k}", made_ct.pixels(k), place, **{keyword: values[k % 2]})
    (volume,) = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == (f"The images of this series bear different {what}: they may be of several patients.",)


@pytest.mark.parametrize("patient", ["Anonymous", "", None])
def test_a_name_of_its_own_on_every_image_tells_nothing(made_ct: Any, patient: str | None) -> None:
    for k, place in enumerate(axial(6)):
        said = {"PatientID": patient, "PatientName": f"Anonymous{k}", "PatientBirthDate": ""}
        made_ct.slice(f"{k}", made_ct.pixels(k), place, **said)
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict, volume.reasons) == (6, Verdict.OK, ())


@pytest.mark.parametrize("patient", ["1", None])
def test_one_name_in_two_character_sets_is_one_patients(made_ct: Any, patient: str | None) -> None:
    for k, place in enumerate(axial(6)):
        charset = ("ISO_IR 100", "ISO_IR 192")[k % 2]
        said = {"PatientID": patient, "PatientName": "Müller^Jörg", "SpecificCharacterSet": charset}
        made_ct.slice(f"{k}", made_ct.pixels(k), place, **said)
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict, volume.reasons) == (6, Verdict.OK, ())


@pytest.mark.parametrize(
    ("other", "trusted"), [("Yamada^Tarou", True), ("Yamada^Tarou=山田^太郎", True), ("Yamada^Tarou=山田^多朗", False)]
)
def test_a_name_is_one_patients_where_some_images_write_it_in_fewer_ways(
    made_ct: Any, other: str, *, trusted: bool
) -> None:
    for k, place in enumerate(axial(6)):
        name = ("Yamada^Tarou=山田^太郎=やまだ^たろう", other)[k % 2]
        made_ct.slice(f"{k}", made_ct.pixels(k), place, PatientName=name, SpecificCharacterSet="ISO_IR 192")
    (volume,) = opened(made_ct)
    assert volume.verdict is (Verdict.OK if trusted else Verdict.UNTRUSTED)
