"""A volume whose images were made in several ways, one part of it after another, says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict


@pytest.mark.parametrize(
    ("keyword", "values", "what"),
    [
        ("KVP", ("80", "140"), "tube voltage"),
        ("ConvolutionKernel", ("B30f", "B70f"), "kernel"),
        ("ContrastBolusAgent", ("NONE", "Iodine"), "contrast"),
        ("AcquisitionDate", ("20250105", "20260105"), "day of acquisition"),
        ("KVP", ("120", "120.0"), ""),
        ("KVP", ("120", None), ""),
        ("AcquisitionDate", ("20251231", "20260101"), ""),
    ],
)
def test_images_that_differ_along_the_patient_say_in_what(
    keyword: str, values: tuple[str, str | None], what: str, made_ct: Any
) -> None:
    for k in range(8):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), **{keyword: values[k // 4]})
    (volume,) = opened(made_ct)
    said = f"Not all images of this volume were made alike: they differ in {what}."
    assert (volume.verdict, volume.reasons) == (Verdict.OK, (said,) if what else ())


def test_all_in_which_images_differ_is_told_at_once(made_ct: Any) -> None:
    for k in range(8):
        said = {"KVP": ("80", "140")[k // 4], "ConvolutionKernel": ("a", "b")[k // 4]}
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), **said)
    (volume,) = opened(made_ct)
    assert volume.reasons == ("Not all images of this volume were made alike: they differ in kernel and tube voltage.",)


def test_a_day_of_its_own_on_every_image_tells_nothing(made_ct: Any) -> None:
    for k in range(8):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), AcquisitionDate=f"20{10 + k}0{9 - k}1{k}")
    (volume,) = opened(made_ct)
    assert (volume.verdict, volume.reasons) == (Verdict.OK, ())
