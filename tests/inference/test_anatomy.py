from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage

from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.inference.manifest import Manifest, card, read_manifest
from viewer.inference.run import run_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume

SimpleITK: Any = pytest.importorskip("SimpleITK")


@pytest.fixture(scope="module")
def anatomy(repository: Path) -> Manifest:
    return read_manifest(repository / "resources" / "models" / "anatomy")


def by_rule(volume: Volume) -> dict[str, Any]:
    """The two rules, said another way: a row or column holds solid tissue before and after."""
    hu, pixel = volume.slices, np.ones(volume.slices.shape, dtype=bool)
    if volume.padding is not None:
        pixel = hu != volume.padding
    tissue = (hu > -400) & pixel
    air = (hu <= -400) & pixel
    square = np.ones((1, 5, 5), dtype=bool)
    tissue = ndimage.binary_dilation(ndimage.binary_erosion(tissue, square, border_value=1), square)
    for axis in (1, 2):
        n = hu.shape[axis]
        at = np.arange(n).reshape([-1 if a == axis else 1 for a in range(3)])
        some = tissue.any(axis=axis, keepdims=True)
        first = np.where(some, tissue.argmax(axis=axis, keepdims=True), n)
        last = np.where(some, n - 1 - np.flip(tissue, axis).argmax(axis=axis, keepdims=True), -1)
        air &= (at > first) & (at < last)
    return {"bone": (hu >= 250) & pixel, "air": air}


def full(finding: Finding, volume: Volume) -> Any:
    assert finding.mask is not None
    return finding.mask.full(volume.stack.shape_kji)


def test_its_card_says_that_it_is_rules(anatomy: Manifest) -> None:
    facts = card(anatomy)
    assert facts.rules
    assert not facts.synthetic_only
    assert "250 HU" in facts.trained_on
    assert "-400" in facts.trained_on.replace("−", "-")


def test_the_shipped_model_is_what_its_script_writes(anatomy: Manifest, repository: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_anatomy", repository / "packaging" / "make_anatomy_model.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    import onnx

    shipped = onnx.load_model_from_string(anatomy.onnx_path.read_bytes())
    made = script.graph()
    assert shipped.graph == made.graph


@pytest.mark.parametrize("case", ["a13_abdomen_contrast_CRLM-1004", "a01_head_ge_tilt_uneven"])
def test_on_real_ct_it_marks_exactly_what_the_rules_say(
    anatomy: Manifest, real_volume: Callable[[str], Volume], case: str
) -> None:
    volume = real_volume(case)
    findings = run_model(anatomy, volume, JobContext())
    assert {f.label_key for f in findings} == {"bone", "air"}
    expected = by_rule(volume)
    di, dj = volume.stack.pixel_spacing_mm
    for finding in findings:
        marked = full(finding, volume)
        assert np.array_equal(marked, expected[finding.label_key])
        assert finding.score is None
        assert finding.source.rules
        assert finding.volume_ml == pytest.approx(
            float(marked.sum(axis=(1, 2)) @ volume.stack.slice_weights_mm) * di * dj / 1000
        )
    if case.startswith("a13"):
        # Even gaps and no tilt: another program can measure the whole image at once.
        image = SimpleITK.GetImageFromArray(volume.slices)
        image.SetSpacing((di, dj, float(volume.stack.gaps_mm[0])))
        bone = SimpleITK.BinaryThreshold(image, 250, 32767)
        shape = SimpleITK.LabelShapeStatisticsImageFilter()
        shape.Execute(bone)
        found = next(f for f in findings if f.label_key == "bone")
        assert found.volume_ml == pytest.approx(shape.GetPhysicalSize(1) / 1000, rel=1e-6)


def test_the_thin_shell_of_a_table_encloses_nothing(anatomy: Manifest, make_volume: Callable[..., Volume]) -> None:
    slices = np.full((1, 60, 60), -1000, np.int16)
    slices[0, 5:30, 10:50] = 40
    slices[0, 12:20, 20:40] = -850
    # A hollow table of 3 pixels below the body, and a sheet of one beside it.
    slices[0, 34:54, 5:55] = 100
    slices[0, 37:51, 8:52] = -950
    slices[0, 3:34, 4] = -100
    volume = make_volume(slices, [[0, 0, 0]])
    (found,) = [f for f in run_model(anatomy, volume, JobContext()) if f.label_key == "air"]
    expected = np.zeros(slices.shape, dtype=bool)
    expected[0, 12:20, 20:40] = True
    assert np.array_equal(full(found, volume), expected)


def test_padding_is_neither_bone_nor_air_and_does_not_count_as_tissue(
    anatomy: Manifest, make_volume: Callable[..., Volume]
) -> None:
    slices = np.full((2, 9, 9), -1000, np.int16)
    slices[0, 1:8, 1:8] = 40
    slices[0, 3:6, 3:6] = -900
    slices[0, 4, 4] = -2000
    slices[1, 2, 2:7] = slices[1, 6, 2:7] = 3000
    slices[1, 4, 2] = 50
    slices = slices.repeat(5, axis=1).repeat(5, axis=2)
    volume = make_volume(slices, [[0, 0, 0], [0, 0, 5]], padding=-2000.0)
    findings = {f.label_key: f for f in run_model(anatomy, volume, JobContext())}
    air = full(findings["air"], volume)
    assert air[0].sum() == 8 * 25
    assert not air[0, 20:25, 20:25].any()
    # In the second slice tissue stands above and below, and to one side alone.
    assert not air[1].any()
    assert full(findings["bone"], volume).sum() == 10 * 25
    other = make_volume(
        np.where(slices == -2000, 3000, slices).astype(np.int16), [[0, 0, 0], [0, 0, 5]], padding=3000.0
    )
    assert {f.label_key for f in run_model(anatomy, other, JobContext())} == {"air"}


def test_it_takes_values_that_are_not_whole_numbers_and_many_slices(
    anatomy: Manifest, make_volume: Callable[..., Volume]
) -> None:
    slices = np.full((37, 12, 12), 0.5, np.float32)
    slices[5:30, 4:7, 4:7] = 249.9
    slices[5:30, 5, 5] = 250.0
    volume = make_volume(slices, [[0, 0, 2.0 * z] for z in range(37)], verdict=Verdict.OK)
    (bone,) = run_model(anatomy, volume, JobContext())
    assert bone.mask is not None
    assert bone.mask.count == 25
    assert bone.mask.first_ijk == (5, 5, 5)
    assert bone.long_axis_mm == pytest.approx(48)


def test_where_there_is_nothing_it_finds_nothing(anatomy: Manifest, make_volume: Callable[..., Volume]) -> None:
    volume = make_volume(np.zeros((3, 8, 8), np.int16), [[0, 0, float(z)] for z in range(3)])
    assert run_model(anatomy, volume, JobContext()) == ()
