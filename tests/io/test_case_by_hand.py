"""A case that somebody changed by hand is read as it stands, or refused in a sentence that names the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.io.made_cases import edited, two_steps
from viewer.domain.errors import CaseDocumentError
from viewer.domain.geometry import PlaneName
from viewer.io.case_document import read_case, write_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("key", ["\u202etluaf", "bell\a", "line\nend", "title\u200b", "long " * 2000])
def test_a_sentence_about_an_unknown_key_stays_one_that_can_be_read(tmp_path: Path, key: str) -> None:
    with pytest.raises(CaseDocumentError, match="is not known there") as raised:
        read_case(edited(tmp_path, lambda d: d.update({key: 1})))
    assert raised.value.sentence.isprintable()
    assert len(raised.value.sentence) < 200


def test_a_case_that_an_editor_saved_with_its_mark_at_the_front_is_read_as_without(tmp_path: Path) -> None:
    folder = edited(tmp_path, lambda d: d.update(title="Größe"))
    document = folder / "case.json"
    document.write_bytes(b"\xef\xbb\xbf" + document.read_bytes().replace(b"\n", b"\r\n"))
    assert read_case(folder).title == "Größe"


def test_letters_beyond_the_first_65536_may_be_written_in_two_halves(tmp_path: Path) -> None:
    folder = edited(tmp_path, lambda d: d.update(title="Two halves \U0001fac1"))
    assert b"\\ud83e\\udec1" in (folder / "case.json").read_bytes()
    assert read_case(folder).title == "Two halves \U0001fac1"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("window_width", "400", "must be a number"),
        ("window_width", True, "must be a number"),
        ("window_width", 0, "must be above 0"),
        ("invert", 1, "must be true or false"),
        ("layout", "five", "must be one of four, stage, single"),
        ("cursor_lps_mm", [1.0, 2.0], "cursor_lps_mm"),
        ("threshold", 1.5, "between 0 and 1"),
        ("series_uid", "1.2.3", "not the series of the case"),
        ("window_centre", 1e300, "no values lie in a window"),
        ("window_width", 1e-12, "must be above 0"),
        ("window_width", 1e12, "no values lie in a window"),
        ("slab_mm", -5.0, "slab_mm: it must not be below 0"),
        (
            "camera",
            {"focal_lps_mm": [0.0, 0.0, 0.0], "to_eye": [0.0, 0.0, 1.0], "up": [0.0, 0.0, 1.0], "height_mm": 300.0},
            "camera: “to_eye” and “up” must be two directions",
        ),
        ("hidden_labels", "bone", "must be a list"),
        ("cuts_3d", {}, "must be a list"),
        ("box_3d", [[0.0, 0.0, 0.0]], "must be a list of 2, not of 1"),
        ("models", "ab", "must be a list"),
        ("camera", "from the front", "must be keys with values"),
        ("curved", [], "must be keys with values"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_not_converted(
    tmp_path: Path, key: str, value: object, words: str
) -> None:
    with pytest.raises(CaseDocumentError, match=words) as raised:
        read_case(edited(tmp_path, lambda d: d["steps"][0]["view"].update({key: value})))
    assert "steps[0].view" in raised.value.sentence


@pytest.mark.parametrize("path", ["../other", "/etc", "C:/pictures", "a\\b", "ct/../../other"])
def test_paths_stay_inside_the_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(CaseDocumentError, match="leads out of the case's folder"):
        read_case(edited(tmp_path, lambda d: d.update(series_path=path)))
    with pytest.raises(CaseDocumentError, match="leads out"):
        write_case(tmp_path, evolve(two_steps(tmp_path), truth_path=path))


def test_a_link_that_leads_in_a_circle_is_named_and_not_followed(tmp_path: Path) -> None:
    folder = edited(tmp_path, lambda d: None)
    (folder / "ct").symlink_to("ct")
    with pytest.raises(CaseDocumentError, match="“series_path” leads in a circle"):
        read_case(folder)


@pytest.mark.parametrize("name", ["ü" * 200, "folder/" * 200 + "end"])
def test_a_name_that_no_file_can_have_is_refused_and_does_not_end_the_library(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaseDocumentError, match="“truth_path” is longer than the name of a file can be"):
        read_case(edited(tmp_path, lambda d: d.update(truth_path=name)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"series_sha256": "ab"}, "“series_sha256” must be 64 of 0-9 and a-f"),
        ({"series_sha256": ""}, "“series_sha256” must be 64 of 0-9 and a-f"),
        ({"making_s": 1e300}, "“making_s” must lie between 0 and 86400"),
    ],
)
def test_a_recipe_that_nothing_can_be_held_against_is_named_and_does_not_end_the_library(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    folder = edited(tmp_path / "broken", lambda d: d.update({"recipe_path": "dicom.json", **changes}))
    with pytest.raises(CaseDocumentError, match=words):
        read_case(folder)


def test_a_case_is_not_replaced_by_one_that_could_not_be_read_again(tmp_path: Path) -> None:
    write_case(tmp_path, two_steps(tmp_path))
    before = (tmp_path / "case.json").read_bytes()
    case = two_steps(tmp_path)
    view = case.steps[0].view
    tiny = evolve(case.steps[0], view=view.with_plane(PlaneName.AXIAL, evolve(view.axial, height_mm=0.001)))
    with pytest.raises(CaseDocumentError, match=r"cannot be kept: steps\[0\].view.axial.height_mm"):
        write_case(tmp_path, evolve(case, steps=(tiny, case.steps[1])))
    assert (tmp_path / "case.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[]", "format"),
        (b'{"format": "casestage case", "format": "x"}', "twice"),
        (b'{"format": "casestage case", "version": NaN}', "NaN"),
        (b"[" * 100_000, "not JSON"),
        (b'{"format": "casestage case", "version": "1"}', "whole number"),
        (b'{"format": "casestage case", "version": 1, "title": "\\ud83d"}', "without its other half"),
        (b'{"format": "casestage case", "version": 1, "\\ud83d": ""}', "without its other half"),
    ],
)
def test_junk_is_refused_with_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "case.json").write_bytes(content)
    with pytest.raises(CaseDocumentError, match=words):
        read_case(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        # Its layout took seconds, in which the window stood still.
        ("narration", "[a](" * 20_000, "narration: it has more than 10000 characters"),
        ("notes", "x" * 60_000, "notes: it has more than 50000 characters"),
        ("title", "t" * 600, "title: it has more than 500 characters"),
    ],
)
def test_a_text_that_nobody_reads_is_named_and_not_laid_out(tmp_path: Path, key: str, value: str, words: str) -> None:
    with pytest.raises(CaseDocumentError, match=words):
        read_case(edited(tmp_path, lambda d: d["steps"][0].update({key: value})))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cursor_lps_mm", [1e300, 0.0, 0.0]),
        ("axial", {"centre_lps_mm": [0.0, 0.0, -1e9], "height_mm": 100.0}),
        ("slab_mm", 1e30),
        ("box_3d", [[0.0, 0.0, 0.0], [1.0, 1.0, 1e7]]),
    ],
)
def test_a_place_outside_of_any_patient_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(CaseDocumentError, match=rf"steps\[0\].view.{key}: it lies 1 km or more away"):
        read_case(edited(tmp_path, lambda d: d["steps"][0]["view"].update({key: value})))
