from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import casestage
from tests.cli.test_demo_open_phantom import small_phantom
from viewer.cli import bench, bench_scan

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench of a second; its figures mean nothing, its form does."""
    whole = bench.scroll_times

    def few_images(*given: Any, **chosen: Any) -> Any:
        return whole(*given, **chosen, images=4)

    monkeypatch.setattr(bench, "_SLICES", 12)
    monkeypatch.setattr(bench, "_TIMES", 1)
    for name, value in {"_SERIES": 2, "_IMAGES": 6, "_TIMES": 1, "_SETTLING_S": 0.0}.items():
        monkeypatch.setattr(bench_scan, name, value)
    monkeypatch.setattr(bench, "gc", SimpleNamespace(collect=lambda: None))
    monkeypatch.setattr(bench, "make_head", lambda *_, **__: small_phantom("head", 1))
    monkeypatch.setattr(bench, "scroll_times", few_images)
    monkeypatch.setattr(bench, "turning_times", lambda *_: None)


def without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "installed_models", lambda _: [])


def test_each_figure_says_how_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from viewer.inference.models import installed_models

    monkeypatch.setattr(bench, "installed_models", lambda f: [m for m in installed_models(f) if m.id == "anatomy"])
    said = casestage("bench", "--json")
    assert said.code == 0, said.err
    for figure in said.json:
        assert set(figure) == {"name", "value", "unit", "target", "ok", "method"}
        assert figure["value"] > 0
        assert len(figure["method"]) > 20
        assert figure["ok"] is (figure["target"] is None or figure["value"] <= figure["target"])
    names = [figure["name"] for figure in said.json]
    assert names == [
        "open_vs_read",
        "first_image",
        "scan_10000",
        "scan_10000_index",
        "scroll_axial",
        "scroll_coronal",
        "scroll_sagittal",
        "scroll_slab",
        "model_anatomy",
    ]
    ratios = {figure["name"]: figure["unit"] for figure in said.json}
    assert ratios["open_vs_read"].startswith("×")
    assert ratios["model_anatomy"].startswith("×")


@pytest.mark.parametrize(("reached", "code"), [(True, 0), (False, 1)])
def test_check_fails_where_a_target_is_missed(reached: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)
    figure: Callable[..., bench.Figure] = bench.figure

    def fixed(name: str, value: float, unit: str, target: float | None, method: str) -> bench.Figure:
        return figure(name, 0.001 if reached or name != "first_image" else 1e6, unit, target, method)

    monkeypatch.setattr(bench, "figure", fixed)
    assert casestage("bench", "--check").code == code
    # Without --check the exit code says only whether it could measure.
    said = casestage("bench")
    assert said.code == 0
    assert ("MISSED" in said.out) is not reached
