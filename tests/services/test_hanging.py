"""How scans are shown when they open: rules by body part and description, which users can write themselves."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.errors import StorageError
from viewer.domain.geometry import SliceStack
from viewer.domain.session import Session
from viewer.domain.view_state import Comparison, Layout, SlabMode, ViewName, overview
from viewer.domain.voi_lut import LutTable, VoiLut
from viewer.domain.volume import SeriesFacts, Volume, Window
from viewer.io.decoders import Decoders
from viewer.services.hanging import HangingRules, HangingRulesError, built_in_rules, own_rules_file, rules_from
from viewer.services.jobs import JobRunner
from viewer.services.kept_looks import keep_looks
from viewer.services.opening import Opening
from viewer.services.settings import Settings
from viewer.services.views import view_of_volume

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


def test_so_does_the_file_s_own_lookup_table(file: Path) -> None:
    lut = VoiLut("STEEP", (LutTable(0, 8, np.arange(100, dtype=np.uint16)),), (0,) * 5)
    shown = evolve(volume(body_part="HEAD"), luts=(lut,))
    view, _ = HangingRules(file).shown(shown, view_of_volume(shown))
    assert view.lut == "STEEP"
    file.write_text('[[rule]]\nwords = ["head"]\nwindow = [35, 120]\nover_file = true\n')
    view, _ = HangingRules(file).shown(shown, view_of_volume(shown))
    assert (view.lut, *window(view)) == ("", 120, 35)


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
        ('[[rule]]\nlayout = "3x3"\n', "“layout” must be one of 2x2, 1+3, 1x1"),
        ("[[rule]]\nlayout = []\n", "“layout” must be one of"),
        ('[[rule]]\npreset_3d = "gold"\n', "“preset_3d” must be one of bone"),
        ('[[rule]]\nwords = "head"\n', "“words” must be a list"),
        ('[[rule]]\nwords = ["head", "–"]\n', "“words” must be a list"),
        ("[[rule]]\nslab_mm = -1\n", "“slab_mm” must be"),
        ('[[rule]]\nslab = "mip"\n', "in line 2, rule 1, “slab” shows nothing without “slab_mm”"),
        ("[[rule]]\nstudy = 1\n", "“study” must be true or false"),
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


@pytest.mark.parametrize("part", ["CSPINE", "TSPINE", "LSPINE", "SSPINE", "SPINE", "LSSPINE"])
def test_spines_open_with_the_sagittal_plane_large_in_a_window_for_bone(file: Path, part: str) -> None:
    spine = opened(HangingRules(file), volume(body_part=part))
    assert (spine.layout, spine.main, window(spine)) == (Layout.STAGE, ViewName.SAGITTAL, (2500, 480))


def test_head_and_neck_together_are_not_shown_in_the_brain_window(file: Path) -> None:
    assert window(opened(HangingRules(file), volume(body_part="HEADNECK"))) == (400, 40)


@pytest.mark.parametrize(
    ("part", "series", "expected"),
    [
        ("CSPINE", "Axial 1 mm", (2500, 480)),
        ("", "C-Spine 1 mm", (2500, 480)),
        ("", "Lung 1 mm", (1500, -600)),
        ("NECK", "Axial 1 mm", (400, 40)),
        ("CHEST", "", (400, 40)),
        ("", "Abdomen venous", (400, 40)),
        ("HEAD", "Axial 5 mm", (80, 40)),
        ("", "Axial 5 mm", (80, 40)),
    ],
)
def test_what_a_series_says_of_itself_goes_before_what_its_study_is_called(
    file: Path, part: str, series: str, expected: tuple[float, float]
) -> None:
    shown = volume(body_part=part, description=series, study_description="CT Head, C-Spine, Chest and Abdomen")
    assert window(opened(HangingRules(file), shown)) == expected


def test_a_rule_may_ask_the_study_as_well_as_the_series(file: Path) -> None:
    head = volume(body_part="HEAD", study_description="CT perfusion")
    plain = '[[rule]]\nwords = ["perfusion"]\nlayout = "one"\n[[rule]]\nwords = ["head"]\nlayout = "1+3"\n'
    file.write_text(plain)
    assert opened(HangingRules(file), head).layout is Layout.STAGE
    file.write_text(plain.replace("[[rule]]\n", "[[rule]]\nstudy = true\n", 1))
    assert opened(HangingRules(file), head).layout is Layout.SINGLE


def test_the_first_rule_of_those_that_fit_alike_decides_and_one_without_words_is_the_last_resort(file: Path) -> None:
    file.write_text('[[rule]]\nlayout = "one"\n[[rule]]\nwords = ["head"]\nlayout = "1+3"\n')
    assert opened(HangingRules(file), volume(body_part="HEAD")).layout is Layout.SINGLE
    file.write_text('[[rule]]\nwords = ["head"]\nlayout = "1+3"\n[[rule]]\nlayout = "one"\n')
    assert opened(HangingRules(file), volume(study_description="Head")).layout is Layout.STAGE


@pytest.mark.parametrize(
    ("words", "description", "fits"),
    [
        ("c-spine", "CT C-Spine 1 mm", True),
        ("lumbar spine", "CT LUMBAR SPINE W/O", True),
        ("lumbar spine", "Lumbar_Spines", True),
        ("lumbar spine", "CT lumbar puncture, spine", False),
        ("lumb spine", "CT LUMBAR SPINE W/O", False),
        ("schädel", "CT Schädel nativ", True),
        ("schädel", "CT SCHA\u0308DEL", True),
        ("crane", "Crâne sans IV", True),
    ],
)
def test_words_that_belong_together_are_looked_for_together_and_accents_do_not_matter(
    file: Path, words: str, description: str, *, fits: bool
) -> None:
    file.write_text(f'[[rule]]\nwords = ["{words}"]\nlayout = "1+3"\n', encoding="utf-8")
    view = opened(HangingRules(file), volume(description=description))
    assert (view.layout is Layout.STAGE) is fits


def test_a_file_that_an_editor_began_with_a_byte_order_mark_is_followed(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[[rule]]\nlayout = "1+3"\n')
    assert opened(HangingRules(file), volume()).layout is Layout.STAGE


def test_a_file_in_another_encoding_is_told_of_with_the_line(file: Path) -> None:
    file.write_bytes('[[rule]]\nwords = ["Schädel"]\n'.encode("latin-1"))
    _, problem = HangingRules(file).shown(volume(), view_of_volume(volume()))
    assert problem is not None
    assert "line 2 has a letter that is not in UTF-8" in problem.sentence


def test_names_are_understood_in_any_case_and_a_single_view_also_as_1x1(file: Path) -> None:
    file.write_text('[[rule]]\nwindow = "lung"\nlayout = "1X1"\nlarge = "Coronal"\nslab = "MinIP"\nslab_mm = 5\n')
    view = opened(HangingRules(file), volume())
    assert (window(view), view.layout, view.main) == ((1500, -600), Layout.SINGLE, ViewName.CORONAL)
    assert view.slab_mode is SlabMode.MIN


def test_the_complaint_is_taken_back_once_the_file_is_corrected_or_gone(file: Path) -> None:
    opening = Opening(Session(), JobRunner(lambda call: call()), Decoders(), HangingRules(file))
    told: list[CaseStageError | None] = []
    opening.told.connect(told.append)
    opening.rules_sound.connect(lambda: told.append(None))
    file.write_text('[[rule]]\nlayout = "3x3"\n')
    opening._volume_in(volume())
    opening._volume_in(volume())
    assert len(told) == 1
    file.write_text('[[rule]]\nlayout = "one"\n')
    opening._volume_in(volume())
    opening._volume_in(volume())
    assert told[1:] == [None]
    file.write_text('[[rule]]\nlayout = "no such"\n')
    opening._volume_in(volume())
    file.unlink()
    opening._volume_in(volume())
    assert [problem is None for problem in told] == [False, True, False, True]


def test_a_scan_is_hung_again_by_the_rules_as_they_are_now_and_the_place_stays(file: Path) -> None:
    session = Session()
    opening = Opening(session, JobRunner(lambda call: call()), Decoders(), HangingRules(file))
    opening._volume_in(volume(body_part="HEAD"))
    first = session.view
    assert first is not None
    there = evolve(first, cursor_lps_mm=(2.0, 2.0, 4.0), selected_finding="a", threshold=0.3)
    changed = evolve(
        there.windowed(0, 1000), layout=Layout.SINGLE, main=ViewName.CORONAL, slab_mm=9.0, invert=True,
        axial=evolve(first.axial, height_mm=2.0), preset_3d="muscle",
    )  # fmt: skip
    session.view = changed
    opening.hang_again(partial(setattr, session, "view"))
    assert session.view == there
    file.write_text('[[rule]]\nlayout = "1+3"\nwindow = "Bone"\nlarge = "3d"\n')
    opening.hang_again(partial(setattr, session, "view"))
    again = session.view
    assert again is not None
    assert (again.layout, again.main, window(again)) == (Layout.STAGE, ViewName.THREE_D, (2500, 480))
    assert again.cursor_lps_mm == there.cursor_lps_mm


def test_a_layout_that_the_rules_chose_again_is_not_taken_for_the_user_s_own_choice(file: Path) -> None:
    session, settings = Session(), Settings(file.with_name("settings.json"))
    opening = Opening(session, JobRunner(lambda call: call()), Decoders(), HangingRules(file))
    keep_looks(session, settings, opening)
    opening._volume_in(volume(body_part="LSPINE"))
    assert session.view is not None
    session.view = evolve(session.view, layout=Layout.SINGLE, main=ViewName.AXIAL)
    opening.hang_again(partial(setattr, session, "view"))
    assert session.view.main is ViewName.SAGITTAL
    opening._volume_in(volume(body_part="ABDOMEN"))
    assert (session.view.layout, session.view.main) == (Layout.SINGLE, ViewName.AXIAL)


def test_what_two_volumes_are_compared_in_stays_when_a_scan_is_hung_again(file: Path) -> None:
    session = Session()
    opening = Opening(session, JobRunner(lambda call: call()), Decoders(), HangingRules(file))
    opening._volume_in(volume(body_part="HEAD"))
    assert session.view is not None
    session.view = evolve(session.view, layout=Layout.SINGLE, comparison=Comparison.BESIDE).windowed(0, 1000)
    opening.hang_again(partial(setattr, session, "view"))
    again = session.view
    assert again is not None
    assert (again.layout, again.comparison, window(again)) == (Layout.SINGLE, Comparison.BESIDE, (80, 40))


def test_the_rules_that_come_with_the_program_are_sound() -> None:
    assert len(built_in_rules()) >= 4


def test_windows_and_looks_for_hu_are_not_laid_over_values_of_another_unit_but_all_else_is(file: Path) -> None:
    file.write_text(
        '[[rule]]\nwindow = "Lung"\npreset_3d = "lung"\nover_file = true\nlayout = "1+3"\nlarge = "coronal"\n'
        'slab = "mip"\nslab_mm = 10\n'
    )
    rules = HangingRules(file)
    iodine = volume(unit="MGML", windows=(Window(5, 10, "IODINE"),))
    view, _ = rules.shown(iodine, view_of_volume(iodine))
    assert window(view) == (10, 5)
    assert view.preset_3d == "mip"
    assert (view.layout, view.main, view.slab_mode, view.slab_mm) == (Layout.STAGE, ViewName.CORONAL, SlabMode.MAX, 10)
    modified = opened(rules, volume(unit="HU_MOD"))
    assert (window(modified), modified.preset_3d) == ((1500, -600), "lung")
