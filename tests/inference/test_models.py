from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from viewer.domain.errors import ManifestError, ModelError
from viewer.inference.installed import installed_models
from viewer.inference.manifest import Manifest, read_manifest
from viewer.inference.models import describe_onnx
from viewer.inference.timing import time_model

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

Folder = Callable[..., Path]


def test_models_are_listed_and_broken_ones_are_named_beside_them(model_folder: Folder, tmp_path: Path) -> None:
    model_folder(name="b")
    model_folder(name="a", changes={'id = "tiny"': 'id = "another"'})
    model_folder(name="twice", changes={'version = "': 'version = "9.'})
    # A pack brought it along with the case that needs it.
    model_folder(name="brought", changes={'id = "tiny"': 'id = "another"'})
    model_folder(name="broken", changes={"licence": "lisence"})
    (tmp_path / "notes").mkdir()
    found = installed_models([tmp_path, tmp_path / "absent"])
    assert [m.id for m in found if isinstance(m, Manifest)] == ["another", "tiny"]
    problems = [m.sentence for m in found if isinstance(m, ManifestError)]
    assert len(problems) == 2
    assert any(p == "broken: model.lisence is not known; did you mean model.licence?" for p in problems)
    assert any("the id 'tiny' is taken by the model in b" in p for p in problems)


def test_a_models_own_folder_can_be_given(model_folder: Folder) -> None:
    (only,) = installed_models([model_folder()])
    assert isinstance(only, Manifest)


def test_the_shipped_models_are_in_order(repository: Path) -> None:
    folders = sorted(p for p in (repository / "resources" / "models").iterdir() if (p / "model.onnx").is_file())
    assert folders
    for folder in folders:
        assert read_manifest(folder).id == folder.name


def test_a_foreign_model_is_described_by_its_tensors_and_not_guessed_at(real_data: Path) -> None:
    description = describe_onnx(real_data / "a22_onnx_mr_tissue" / "model.onnx")
    assert [t.words for t in description.facts.inputs] == ["input: float32 [batch_size, 1, 256, 256, 256]"]
    assert [t.words for t in description.facts.outputs] == ["output: float32 [batch_size, 3, 256, 256, 256]"]
    assert description.facts.opsets == {"": 14}
    assert description.problem == ""
    asked = " ".join(description.questions)
    for word in ("modality", "spacing", "orientation", "window", "3 channels", "threshold"):
        assert word in asked
    assert any("opset ai.onnx 14" in line for line in description.lines)


def test_what_cannot_be_run_is_described_with_the_reason(model_folder: Folder) -> None:
    description = describe_onnx(model_folder("foreign") / "model.onnx")
    assert "my.company" in description.problem
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        describe_onnx(model_folder(b"junk that is no protocol buffer", name="junk") / "model.onnx")


def test_times_of_a_run_are_held_against_bare_calls(model_folder: Folder, two_balls: Volume) -> None:
    sliding = {'mode = "whole"': 'mode = "sliding"\npatch = [16, 16, 16]'}
    timing = time_model(read_manifest(model_folder(changes=sliding)), two_balls, repeats=1)
    assert timing.calls == 2 * 3 * 3
    assert timing.findings == 2
    assert timing.bare_s > 0
    assert timing.ratio > 1
