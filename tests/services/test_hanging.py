"""How scans are shown when they open: rules by body part and description, which users can write themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.errors import StorageError
from viewer.domain.geometry import SliceStack
from viewer.domain.session import Session
from viewer.domain.view_state import Layout, SlabMode, ViewName, overview
from viewer.domain.volume import SeriesFacts, Volume, Window
from viewer.io.decoders import Decoders
from viewer.services.hanging import HangingRules, HangingRulesError, built_in_rules, own_rules_file, rules_from
from viewer.services.jobs import JobRunner
from viewer.services.opening import Opening

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.errors import CaseStageError
    from viewer.domain.view_state import ViewState


def volume(slices: int = 5, unit: str = "HU", **facts: object) -> Volume:
    stack = SliceStack((8, 8), (1, 1), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(slices)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    return Volume(SeriesFacts("1.2", **facts), values, stack, values, stack.as_grid(), unit=unit)


def opened(rules: HangingRules, shown: Volume) -> ViewState:
    view, problem = rules.shown(shown, overview("1.2", shown.grid))
    assert problem is None
    return view


def window(view: ViewState) -> tuple[float, float]:
    return view.window_width, view.window_centre


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hanging.toml"


def test_without_a_file_heads_open_in_the_brain_window_and_angiographies_with_vessels(file: Path) -> None:
    rules = HangingRules(file)
    assert window(opened(rules, volume(body_part="HEAD"))) == (80, 40)
    assert window(opened(rules, volume(description="Skull base 1 mm"))) == (80, 40)
    angio = opened(rules, volume(body_part="HEAD", study_description="CTA head/neck"))
    assert (window(angio), angio.preset_3d) == ((600, 170), "vessels")
    plain = volume(body_part="ABDOMEN")
    assert opened(rules, plain) == overview("1.2", plain.grid)


def test_the_file_s_own_window_goes_before_the_rule_unless_the_rule_says_otherwise(file: Path) -> None:
    named = volume(body_part="HEAD", windows=(Window(35, 90),))
    rules = HangingRules(file)
    assert window(opened(rules, named)) == window(overview("1.2", named.grid))
    file.write_text('[[rule]]\nwords = ["head"]\nwindow = [35, 120]\nover_file = true\n')
    assert window(opened(HangingRules(file), named)) == (120, 35)


def test_a_user_s_file_stands_in_the_place_of_the_rules_that_come_with_the_program(file: Path) -> None:
    file.write_text(
        '[[rule]]\nwords = ["thor"]\nlayout = "1+3"\nlarge = "3d"\npreset_3d = "lung"\n'
        'slab = "minip"\nslab_mm = 8\n[[rule]]\nlayout = "one"\nlarge = "coronal"\n'
    )
    rules = HangingRules(file)
    chest = opened(rules, volume(study_description="CT Thorax nativ"))
    assert (chest.layout, chest.main, chest.preset_3d) == (Layout.STAGE, ViewName.THREE_D, "lung")
    assert (chest.slab_mode, chest.slab_mm) == (SlabMode.MIN, 8.0)
    other = opened(rules, volume(body_part="HEAD"))
    assert (other.layout, other.main, window(other)) == (Layout.SINGLE, ViewName.CORONAL, (400, 40))


def test_a_changed_file_holds_for_the_next_scan(file: Path) -> None:
    rules = HangingRules(file)
    assert opened(rules, volume()).layout is Layout.FOUR
    file.write_text('[[rule]]\nlayout = "1+3"\n')
    assert opened(rules, volume()).layout is Layout.STAGE
    file.write_text('[[rule]]\nlayout = "one"\n')
    os.utime(file, ns=(1, 1))
    assert opened(rules, volume()).layout is Layout.SINGLE
    file.unlink()
    assert opened(rules, volume()).layout is Layout.FOUR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]\n", "at line 1"),
        ("[[rules]]\n", "“rules” is not understood"),
        ('[[rule]]\nwindow = "Lungs"\n', "in line 2, rule 1, “window” must be"),
        ("[[rule]]\nwindow = [40, 0]\n", "in line 2, rule 1, “window” must be"),
        ("[[rule]]\n[[rule]]\nlayuot = 1\n", "in line 3, rule 2, “layuot” is not understood"),
        ('[[rule]]\nlayout = "3x3"\n', "“layout” must be one of 2x2, 1+3, one"),
        ("[[rule]]\nlayout = []\n", "“layout” must be one of"),
        ('[[rule]]\npreset_3d = "gold"\n', "“preset_3d” must be one of bone"),
        ('[[rule]]\nwords = "head"\n', "“words” must be a list"),
        ("[[rule]]\nslab_mm = -1\n", "“slab_mm” must be"),
        ("rule = 3\n", "rules begin with"),
        ("[[rule]]\nover_file = 1\n", "“over_file” must be true or false"),
    ],
)
def test_a_file_with_a_mistake_is_told_once_in_a_sentence_and_the_usual_rules_hold(
    file: Path, text: str, said: str
) -> None:
    file.write_text(text)
    rules, head = HangingRules(file), volume(body_part="HEAD")
    view, problem = rules.shown(head, overview("1.2", head.grid))
    assert isinstance(problem, HangingRulesError)
    assert said in problem.sentence
    assert "rules that come with CaseStage" in problem.hint
    assert window(view) == (80, 40)
    assert rules.shown(head, overview("1.2", head.grid)) == (view, None)


def test_the_file_to_edit_is_made_from_the_usual_rules_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "config" / "hanging.toml"
    assert own_rules_file(file) == file
    assert rules_from(file) == built_in_rules()
    file.write_text('[[rule]]\nlayout = "one"\n')
    assert own_rules_file(file).read_text() == '[[rule]]\nlayout = "one"\n'


def test_a_file_to_edit_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        own_rules_file(tmp_path / "config" / "hanging.toml")


def test_a_file_that_is_no_text_is_told_too(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00rule")
    with pytest.raises(HangingRulesError, match="not valid TOML"):
        rules_from(file)


def test_a_single_slice_keeps_its_plane_and_what_is_not_hu_its_window(file: Path) -> None:
    file.write_text('[[rule]]\nlayout = "1+3"\nlarge = "3d"\nwindow = "Lung"\n')
    one = opened(HangingRules(file), volume(1))
    assert (one.layout, one.main) == (Layout.FOUR, ViewName.AXIAL)
    assert window(opened(HangingRules(file), volume(unit="unknown"))) == (400, 40)


def test_what_is_opened_is_shown_by_the_rules_and_a_mistake_in_them_is_told_without_hindering(file: Path) -> None:
    session = Session()
    opening = Opening(session, JobRunner(lambda call: call()), Decoders(), HangingRules(file))
    told: list[CaseStageError] = []
    opening.told.connect(told.append)
    file.write_text('[[rule]]\nwords = ["abd"]\nlayout = "1+3"\nlarge = "coronal"\n')
    opening._volume_in(volume(body_part="ABDOMEN"))
    assert session.view is not None
    assert (session.view.layout, session.view.main) == (Layout.STAGE, ViewName.CORONAL)
    file.write_text("[[rule]]\nlayout = 12345678\n")
    for _ in range(2):
        opening._volume_in(volume(body_part="ABDOMEN"))
        assert session.view.layout is Layout.FOUR
    assert len(told) == 1


def test_the_rules_that_come_with_the_program_are_sound() -> None:
    assert len(built_in_rules()) >= 4
