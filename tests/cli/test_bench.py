from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import casestage
from tests.cli.test_demo_open_phantom import small_phantom
from viewer.cli import (
    bench_3d,
    bench_figures,
    bench_kiosk,
    bench_models,
    bench_opening,
    bench_planes,
    bench_present,
    bench_scan,
    bench_switching,
    bench_view,
    bench_views,
    bench_window,
)
from viewer.domain.job import JobContext
from viewer.inference.timing import Timing
from viewer.phantom.recipe import Recipe
from viewer.scene.timing import Times
from viewer.scene.timing_3d import Times3D
from viewer.ui import overlay_timing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

MEASURED = bench_window.measured_window
WINDOW = {
    **{f"{kind}_{name}_ms": [6.0, 7.0] for kind in ("wheel", "linked") for name in ("axial", "coronal", "sagittal")},
    **{f"bare_{name}_ms": 20.0 for name in ("axial", "coronal", "sagittal", "four")},
    "wheel_four_ms": [15.0, 16.0],
    "linked_four_ms": [20.0, 25.0],
    "alone_px": [900, 900],
    "four_px": [900, 900],
    "moving_px": [1488, 944],
    "flight_per_s": [40.0, 42.0],
    "flight_3d_per_s": [14.0, 15.0],
    "flight_stalls_ms": [20.0, 30.0],
    "turn_per_s": [26.0, 27.0],
    "turn_stalls_ms": [15.0, 16.0],
}


PRESENT: dict[str, Any] = {
    "present": {"cases": 2, "opened_s": [0.8, 0.9], "picked_s": [0.1, 0.2], "steps_ms": [20.0, 60.0]},
    "go on": {"shown_at": 2.0, "step": 3},
    "first window": {"painted_at": 0.5, "cases_at": 0.9},
}


def killed(home: Path, _case_id: str) -> bool:
    """Stand for a program that was killed on stage."""
    (home / "data").mkdir(parents=True)
    (home / "data" / "presenting.json").write_text("{}", encoding="utf-8")
    return True


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench of a few seconds; its figures mean nothing, its form does."""
    whole = bench_view.scroll_times

    def few_images(*given: Any, **chosen: Any) -> Any:
        return whole(*given, **chosen, images=4)

    for name, value in {"_SERIES": 2, "_IMAGES": 6, "_TIMES": 1, "_SETTLING_S": 0.0}.items():
        monkeypatch.setattr(bench_scan, name, value)
    for name, value in {"SLICES": 8, "COMPRESSED_SLICES": 4, "_TIMES": 1}.items():
        monkeypatch.setattr(bench_opening, name, value)
    monkeypatch.setattr(bench_opening, "_bare_at_once", lambda *_: 1.2)
    monkeypatch.setattr(bench_view, "SLICES", 12)
    monkeypatch.setattr(bench_planes, "SLICES", 12)
    for name in ("cubic_times", "oblique_slab_times", "curved_times"):
        monkeypatch.setattr(bench_planes, name, partial(getattr(bench_planes, name), pictures=1))
    monkeypatch.setattr(bench_planes, "longest_stall", lambda _volume: Times(10.0, 20.0, 4))
    monkeypatch.setattr(bench_window, "SLICES", 4)
    told = {"painted_at": 1.0, "cases_at": 1.1, "first_ms": [80.0, 90.0], "stalls_ms": [20.0, 30.0]}
    monkeypatch.setattr(bench_window, "measured_window", lambda *_: (0.0, told))
    monkeypatch.setattr(bench_window, "_start_bare", lambda: None)
    monkeypatch.setattr(bench_present, "measured_window", lambda mode, *_, **__: (0.0, PRESENT[mode]))
    monkeypatch.setattr(bench_present, "_killed_on_stage", killed)
    monkeypatch.setattr(bench_views, "SLICES", 4)
    monkeypatch.setattr(bench_views, "measured_window", lambda *_: (0.0, WINDOW))
    monkeypatch.setattr(bench_figures, "gc", SimpleNamespace(collect=lambda: None))
    monkeypatch.setattr(bench_models, "make_head", lambda *_, **__: small_phantom(Recipe("head", 1), JobContext()))
    monkeypatch.setattr(bench_view, "scroll_times", few_images)
    monkeypatch.setattr(overlay_timing, "IMAGES", 4)
    times = Times(20.0, 30.0, 4)
    monkeypatch.setattr(bench_3d, "SLICES", 12)
    monkeypatch.setattr(bench_3d, "times_3d", lambda *_: Times3D(times, times, times, times, 9.0))


@pytest.fixture
def made_series(tmp_path: Path) -> Path:
    folder = tmp_path / "series"
    bench_figures.write_series(folder, bench_figures.noise(4))
    return folder


def test_each_figure_says_how_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from viewer.inference.installed import installed_models

    monkeypatch.setattr(
        bench_models, "installed_models", lambda f: [m for m in installed_models(f) if m.id == "anatomy"]
    )
    said = casestage("bench", "--json")
    assert said.code == 0, said.err
    for figure in said.json:
        assert set(figure) == {"name", "value", "unit", "target", "ok", "method"}
        assert figure["value"] > 0
        assert len(figure["method"]) > 20
        assert figure["ok"] is (figure["target"] is None or figure["value"] <= figure["target"])
    named = {figure["name"]: figure for figure in said.json}
    assert {"open_vs_read", "first_image", "open_memory", "decode_rle", "decode_jpeg_2000_vs_simpleitk"} <= set(named)
    assert {"first_image_start", "first_image_click_jpeg_ls", "window_stall_uncompressed"} <= set(named)
    assert {"first_window", "wheel_sagittal", "wheel_four", "linked_four"} <= set(named)
    assert {"motion_planes", "motion_3d", "turn_window", "moving_stall"} <= set(named)
    assert {"scan_10000", "scan_10000_index", "scroll_axial", "scroll_slab", "model_anatomy"} <= set(named)
    assert {"turn_3d", "turn_3d_findings", "still_3d", "still_3d_lung", "stall_3d"} <= set(named)
    assert named["still_3d"]["value"] == 100.0
    assert {"cubic_still", "curved_moving", "curved_still", "oblique_slab_still", "oblique_slab_stall"} <= set(named)
    assert all(named[name]["unit"].startswith("×") for name in ("open_vs_read", "decode_htj2k", "model_anatomy"))


def test_trained_models_are_measured_on_what_they_were_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(manifest: Manifest, volume: Volume, *_: object, **__: object) -> Any:
        asked.append((manifest.id, volume.series.body_part))
        return SimpleNamespace(findings=("one", "two"))

    for kind in ("head", "chest"):
        phantom = small_phantom(Recipe(kind, 1), JobContext())
        monkeypatch.setattr(bench_models, f"make_{kind}", lambda *_, made=phantom, **__: made)
    monkeypatch.setattr(bench_models, "time_model", lambda *_, **__: Timing(0.01, 0.11, 0.02, 0.1, 1, 2))
    monkeypatch.setattr(bench_models, "run_on", run)
    figures = {figure.name: figure for figure in bench_models.models()}
    assert set(figures) == {
        "model_anatomy",
        "model_head-bleed",
        "findings_head",
        "model_lung-nodule",
        "findings_chest",
    }
    assert {(figures[name].target, figures[name].unit) for name in ("findings_head", "findings_chest")} == {
        (3.0, "s"),
        (10.0, "s"),
    }
    assert figures["model_lung-nodule"].value == 1.4
    assert not figures["model_lung-nodule"].ok
    assert "chest of 32×32×6" in figures["findings_chest"].method
    assert set(asked) == {("head-bleed", "HEAD"), ("lung-nodule", "CHEST")}


def test_one_group_can_be_measured_alone() -> None:
    said = casestage("bench", "--only", "looking", "--json")
    assert said.code == 0, said.err
    assert [figure["name"] for figure in said.json] == [
        "scroll_axial",
        "scroll_coronal",
        "scroll_sagittal",
        "scroll_slab",
        "scroll_oblique",
        "overlay_axial",
        "overlay_coronal",
        "overlay_sagittal",
        "overlay_oblique",
        "overlay_axial_unprepared",
    ]


def test_what_an_audience_waits_for_is_measured_also_after_the_program_was_killed() -> None:
    said = casestage("bench", "--only", "present", "--json")
    assert said.code == 0, said.err
    named = {figure["name"]: figure for figure in said.json}
    assert list(named) == ["case_to_first_step", "picked_case_to_first_step", "step_to_motion", "killed_to_same_step"]
    assert (named["step_to_motion"]["value"], named["step_to_motion"]["target"]) == (60.0, 300.0)
    assert (named["killed_to_same_step"]["value"], named["killed_to_same_step"]["target"]) == (2.0, 3.0)
    assert "kill -9" in named["killed_to_same_step"]["method"]
    assert "shows its cases took 0.90 s" in named["killed_to_same_step"]["method"]


def test_window_tells_when_its_first_image_is_painted(made_series: Path, tmp_path: Path) -> None:
    told = MEASURED("start", made_series, tmp_path / "home")
    assert told is not None
    started, said = told
    assert 0 < said["painted_at"] - started < 60


def test_a_window_tells_when_it_is_painted_before_it_has_looked_for_cases(tmp_path: Path) -> None:
    told = MEASURED("first window", None, tmp_path / "home")
    assert told is not None
    started, said = told
    assert 0 < said["painted_at"] - started < 60
    assert said["painted_at"] < said["cases_at"]


def test_a_window_measures_wheel_links_and_motions_on_a_folder(made_series: Path, tmp_path: Path) -> None:
    told = MEASURED("views", made_series, tmp_path / "home", CASESTAGE_BENCH_TIMES="15")
    assert told is not None
    said = told[1]
    assert set(WINDOW) - set(said) <= {f"linked_{name}_ms" for name in ("axial", "coronal", "sagittal")}
    assert said["alone_px"] == [900, 900]
    assert len(said["wheel_axial_ms"]) == len(said["linked_four_ms"]) == 15
    assert min(said["flight_per_s"]) > 0


def test_cases_are_switched_and_memory_told_when_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # The whole figure takes a thousand switches and is measured by hand: casestage bench --only switching.
    told = {"switches": 5, "resident": [600 << 20, 610 << 20], "seconds": [0.5] * 5}
    monkeypatch.setattr(bench_switching, "measured_window", lambda *_, **__: (0.0, told))
    said = casestage("bench", "--only", "switching", "--json")
    assert said.code == 0, said.err
    (figure,) = said.json
    assert figure["name"] == "switching_memory"
    assert figure["value"] == 10.0
    assert figure["method"].startswith("5 times another of ")


def test_hours_of_a_kiosk_are_told_by_their_growth_when_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # The whole figure takes many minutes and is measured by hand: casestage bench --only kiosk.
    told = {"hours": [0.0, 1.0, 2.0], "resident": [600 << 20, 607 << 20, 610 << 20], "steps": 9, "guesses": 2}
    monkeypatch.setattr(bench_kiosk, "measured_window", lambda *_, **__: (0.0, told))
    said = casestage("bench", "--only", "kiosk", "--json")
    assert said.code == 0, said.err
    (figure,) = said.json
    assert (figure["name"], figure["value"]) == ("kiosk_memory", pytest.approx(5.0))
    assert figure["method"].startswith("2.0 hours of a kiosk")


@pytest.mark.parametrize(("reached", "code"), [(True, 0), (False, 1)])
def test_check_fails_where_a_target_is_missed(reached: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    figure: Callable[..., bench_figures.Figure] = bench_figures.figure

    def fixed(name: str, value: float, unit: str, target: float | None, method: str) -> bench_figures.Figure:
        return figure(name, 0.001 if reached or name != "scroll_slab" else 1e6, unit, target, method)

    monkeypatch.setattr(bench_view, "figure", fixed)
    assert casestage("bench", "--only", "looking", "--check").code == code
    # Without --check the exit code says only whether it could measure.
    said = casestage("bench", "--only", "looking")
    assert said.code == 0
    assert ("MISSED" in said.out) is not reached
