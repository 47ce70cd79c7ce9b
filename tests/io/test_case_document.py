"""A case is kept as a document that people can read and that cannot lead anywhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from tests.io.made_cases import edited, two_steps
from viewer.domain.curved_view import CurvedView
from viewer.domain.errors import CaseDocumentError, StorageError
from viewer.domain.geometry import PlaneName
from viewer.domain.overlay_look import LabelLook, MapLook
from viewer.domain.view_state import (
    Comparison,
    Cut3D,
    Interpolation,
)
from viewer.domain.walkthrough import Prior
from viewer.io.case_document import CASE_VERSION, missing_paths, read_case, write_case

if TYPE_CHECKING:
    from pathlib import Path


def test_a_case_reads_back_as_it_was_written(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    write_case(tmp_path, case)
    assert read_case(tmp_path) == case


def test_only_a_step_that_shows_slices_as_acquired_says_so_and_older_documents_are_read(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    case = evolve(case, steps=(first, evolve(second, view=evolve(second.view, acquired=True))))
    write_case(tmp_path, case)
    views = [step["view"] for step in json.loads((tmp_path / "case.json").read_text("utf-8"))["steps"]]
    # A document without the word is what an older version writes and reads.
    assert "acquired" not in views[0]
    assert views[1]["acquired"] is True
    assert read_case(tmp_path) == case


def test_turned_planes_are_kept_and_what_is_no_rotation_is_refused(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    view = second.view.with_plane(PlaneName.CORONAL, evolve(second.view.coronal, turned=(0.8, 0.0, 0.6, 0.0)))
    write_case(tmp_path, evolve(case, steps=(first, evolve(second, view=view))))
    assert read_case(tmp_path).steps[1].view.coronal.turned == (0.8, 0.0, 0.6, 0.0)
    text = (tmp_path / "case.json").read_text("utf-8")
    # Straight planes are written as older versions write and read them.
    assert text.count("turned") == 1
    (tmp_path / "case.json").write_text(text.replace("0.8,", "5.8,"), "utf-8")
    with pytest.raises(CaseDocumentError, match="coronal.turned: it must be a rotation"):
        read_case(tmp_path)


def test_what_a_step_cuts_away_in_3d_is_kept_and_checked(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    cut = evolve(
        second.view,
        table_3d=True,
        cuts_3d=(Cut3D(PlaneName.AXIAL, 1), Cut3D(PlaneName.CORONAL, -1)),
        box_3d=((-10.0, -20.0, -30.0), (10.0, 20.0, 30.0)),
    )
    case = evolve(case, steps=(first, evolve(second, view=cut)))
    write_case(tmp_path, case)
    views = [step["view"] for step in json.loads((tmp_path / "case.json").read_text("utf-8"))["steps"]]
    assert not {"table_3d", "cuts_3d", "box_3d", "planes_3d"} & set(views[0])
    assert read_case(tmp_path) == case

    def turn_over(document: Any) -> None:
        document["steps"][0]["view"]["box_3d"] = [[10.0, 0.0, 0.0], [-10.0, 5.0, 5.0]]

    with pytest.raises(CaseDocumentError, match="first corner"):
        read_case(edited(tmp_path, turn_over))


def test_a_path_its_curved_picture_and_the_interpolation_are_kept_and_checked(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    drawn = evolve(
        second.view,
        path_lps_mm=((-10.0, 2.5, 3.25), (0.0, 0.0, 10.0), (4.0, 4.0, 30.0)),
        curved=CurvedView(35.0, 12.0, 40.0),
        interpolation=Interpolation.CUBIC,
    )
    case = evolve(case, steps=(first, evolve(second, view=drawn)))
    write_case(tmp_path, case)
    views = [step["view"] for step in json.loads((tmp_path / "case.json").read_text("utf-8"))["steps"]]
    # Steps without them are written as older versions write and read them.
    assert not {"path_lps_mm", "curved", "interpolation"} & set(views[0])
    assert read_case(tmp_path) == case

    def flatten(document: Any) -> None:
        document["steps"][0]["view"]["curved"] = {"height_mm": 0.0}

    def overload(document: Any) -> None:
        document["steps"][0]["view"]["path_lps_mm"] = [[0.0, 0.0, float(n)] for n in range(501)]

    with pytest.raises(CaseDocumentError, match="curved.height_mm"):
        read_case(edited(tmp_path, flatten))
    with pytest.raises(CaseDocumentError, match="more than 500 points"):
        read_case(edited(tmp_path, overload))


def test_a_prior_and_its_curtain_are_kept_and_checked(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    curtained = evolve(second.view, comparison=Comparison.CURTAIN, curtain=0.25)
    steps = (first, evolve(second, view=curtained))
    with pytest.raises(CaseDocumentError, match="no “prior”"):
        write_case(tmp_path, evolve(case, steps=steps))
    case = evolve(case, steps=steps, prior=Prior("prior", "1.2.9", "ab", shift_mm=(6.0, -4.0, 12.5)))
    write_case(tmp_path, case)
    assert read_case(tmp_path) == case
    assert "prior" in missing_paths(case)

    text = (tmp_path / "case.json").read_text("utf-8")
    (tmp_path / "case.json").write_text(text.replace('"series_path": "prior"', '"series_path": "../prior"'), "utf-8")
    with pytest.raises(CaseDocumentError, match="leads out"):
        read_case(tmp_path)


def test_the_lookup_table_of_a_step_is_kept_by_its_name(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    first, second = case.steps
    case = evolve(case, steps=(first, evolve(second, view=evolve(second.view, lut="NORMAL"))))
    write_case(tmp_path, case)
    views = [step["view"] for step in json.loads((tmp_path / "case.json").read_text("utf-8"))["steps"]]
    assert ["lut" in view for view in views] == [False, True]
    assert read_case(tmp_path) == case


def test_positions_are_kept_to_a_hundredth_of_a_millimetre(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    step = case.steps[0]
    moved = evolve(step, view=evolve(step.view, cursor_lps_mm=(1.23456789, -0.001, 7.0)))
    write_case(tmp_path, evolve(case, steps=(moved,)))
    assert read_case(tmp_path).steps[0].view.cursor_lps_mm == (1.23, 0.0, 7.0)
    text = (tmp_path / "case.json").read_text("utf-8")
    assert '"cursor_lps_mm": [1.23, 0.0, 7.0]' in text
    assert "\n  " in text


def test_a_misspelt_key_is_named_with_its_path(tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["steps"][1]["view"]["windo_width"] = document["steps"][1]["view"].pop("window_width")

    with pytest.raises(CaseDocumentError) as raised:
        read_case(edited(tmp_path, edit))
    assert "steps[1].view" in raised.value.sentence
    assert "windo_width" in raised.value.sentence
    assert raised.value.hint


def test_a_missing_key_is_named_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CaseDocumentError, match=r"steps\[0\].view: it lacks “camera”"):
        read_case(edited(tmp_path, lambda d: d["steps"][0]["view"].pop("camera")))
    with pytest.raises(CaseDocumentError, match="the document: it lacks “title”"):
        read_case(edited(tmp_path, lambda d: d.pop("title")))


def test_a_case_from_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaseDocumentError) as raised:
        read_case(edited(tmp_path, lambda d: d.update(version=CASE_VERSION + 1, colours_of_tomorrow=[])))
    assert "made by a newer CaseStage" in raised.value.sentence
    assert "Install" in raised.value.hint


def test_a_symbolic_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "case"
    outside.mkdir()
    folder.mkdir()
    (folder / "ct").symlink_to(outside)
    write_case_of_other = two_steps(folder)
    with pytest.raises(CaseDocumentError, match="leads out"):
        write_case(folder, write_case_of_other)


def test_steps_have_names_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(CaseDocumentError, match="name of another step"):
        read_case(edited(tmp_path, lambda d: d["steps"][1].update(id="overview")))


def test_a_folder_without_a_document_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseDocumentError, match="holds no case.json"):
        read_case(tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    write_case(tmp_path, two_steps(tmp_path))
    (tmp_path / "ct").mkdir()
    (tmp_path / "truth").mkdir()
    assert missing_paths(read_case(tmp_path)) == ("findings", "thumbnail.png")


def test_a_document_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_case(tmp_path, two_steps(tmp_path))
    before = (tmp_path / "case.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("viewer.io.atomic_file.os.replace", full)
    with pytest.raises(StorageError, match="the disk is full"):
        write_case(tmp_path, evolve(two_steps(tmp_path), title="Other"))
    assert (tmp_path / "case.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["case.json"]


def test_colours_and_opacities_of_labels_and_of_a_map_are_kept(tmp_path: Path) -> None:
    case = two_steps(tmp_path)
    look = MapLook(shown=False, colours="blue_yellow", opacity=0.45, least=0.25)
    view = evolve(
        case.steps[0].view, label_looks=(LabelLook("liver", "#5AE1FF", 0.45), LabelLook("spleen")), map_look=look
    )
    write_case(tmp_path, evolve(case, steps=(evolve(case.steps[0], view=view), case.steps[1])))
    read = read_case(tmp_path)
    assert read.steps[0].view.label_looks == view.label_looks
    assert read.steps[0].view.map_look == look
    assert read.steps[1].view.map_look == MapLook()
    text = json.loads((tmp_path / "case.json").read_text())
    assert "label_looks" not in text["steps"][1]["view"]
    assert "map_look" not in text["steps"][1]["view"]


@pytest.mark.parametrize(
    "look", [{"key": "liver", "colour": "red", "opacity": 0.3}, {"key": "liver", "colour": "#5AE1FF", "opacity": 3.0}]
)
def test_a_colour_or_opacity_of_a_label_that_is_none_is_refused(tmp_path: Path, look: dict[str, object]) -> None:
    write_case(tmp_path, two_steps(tmp_path))
    document = json.loads((tmp_path / "case.json").read_text())
    document["steps"][0]["view"]["label_looks"] = [look]
    (tmp_path / "case.json").write_text(json.dumps(document))
    with pytest.raises(CaseDocumentError, match=r"colour is written #RRGGBB|opacity"):
        read_case(tmp_path)
