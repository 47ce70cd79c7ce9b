from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING

import pytest
from onnx import TensorProto, helper

from tests.inference.kinds import box_of_bright, mean_of_slices, mean_of_volume
from viewer.domain.errors import ManifestError, ModelError
from viewer.inference.manifest import read_manifest
from viewer.inference.manifest_terms import Task
from viewer.inference.onnx_file import onnx_facts
from viewer.inference.propose import Proposal, likely_tasks, propose
from viewer.inference.strict_table import open_keys

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto


def proposal_of(model: ModelProto, task: Task | None = None) -> Proposal:
    content = model.SerializeToString()
    return propose(onnx_facts(content), file="model.onnx", sha256=hashlib.sha256(content).hexdigest(), task=task)


def test_what_the_tensors_tell_is_filled_in_and_the_rest_is_asked() -> None:
    proposal = proposal_of(mean_of_slices(maps=True), Task.SLICE_CLASSIFICATION)
    parsed = tomllib.loads(proposal.text)
    assert parsed["model"]["task"] == "slice-classification"
    assert parsed["input"]["image"]["dtype"] == "float32"
    assert set(parsed["output"]) == {"classes", "map"}
    asked = open_keys(parsed)
    assert len(asked) == proposal.open
    for key in (
        "model.licence",
        "model.card.limitations",
        "accept.synthetic_only",
        "input.image.layout",
        "input.image.orientation",
        "input.image.spacing_mm",
        "input.image.channels",
        "output.classes.kind",
        "post.least_score",
        "label[0].name",
    ):
        assert key in asked


def test_a_proposal_is_refused_until_every_question_is_answered(tmp_path: Path) -> None:
    content = mean_of_volume().SerializeToString()
    (tmp_path / "model.onnx").write_bytes(content)
    text = proposal_of(mean_of_volume(), Task.VOLUME_CLASSIFICATION).text
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=r"still has \d+ open questions: model\.id, model\.name, .* and \d+ more"):
        read_manifest(tmp_path)
    answers = {
        "id": '"mine"',
        "name": '"Mine"',
        "version": '"1"',
        "licence": '"MIT"',
        "intended_use": '"Tests."',
        "regulatory_status": '"None."',
        "trained_on": '"Nothing."',
        "synthetic": "true",
        "limitations": "[]",
        "synthetic_only": "false",
        "body_part": "[]",
        "layout": '"NCDHW"',
        "orientation": '"LPS"',
        "spacing_mm": "[1, 1, 1]",
        "channels": "[{ raw = true }]",
        "kind": '"class-probabilities"',
        "activation": '"none"',
        "least_score": "0",
        "key": '"mean"',
    }
    answered = []
    for line in text.splitlines():
        name = line.split(" = ")[0]
        if line.split("#")[0].rstrip().endswith('"?"'):
            value = '"NC"' if name == "layout" and "[output" in "".join(answered) else answers[name]
            line = f"{name} = {value}"
        answered.append(line)
    (tmp_path / "model.toml").write_text("\n".join(answered), encoding="utf-8")
    manifest = read_manifest(tmp_path)
    assert manifest.task is Task.VOLUME_CLASSIFICATION


def test_the_last_open_question_is_named_alone(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text('manifest = 1\n[model]\nid = "?"\n', encoding="utf-8")
    with pytest.raises(ManifestError, match=r"still has 1 open question: model\.id\."):
        read_manifest(tmp_path)


def test_a_kind_that_the_tensors_leave_open_has_to_be_said() -> None:
    facts = onnx_facts(box_of_bright().SerializeToString())
    assert len(likely_tasks(facts)) != 1
    with pytest.raises(ModelError, match="do not tell what kind of model it is") as caught:
        proposal_of(box_of_bright())
    assert "--task" in caught.value.hint
    parsed = tomllib.loads(proposal_of(box_of_bright(), Task.DETECTION).text)
    assert set(parsed["output"]) == {"boxes", "scores", "labels"}


def test_a_kind_that_the_tensors_allow_alone_needs_not_be_said() -> None:
    assert 'task = "slice-classification"' in proposal_of(mean_of_slices()).text


def test_names_that_are_no_plain_words_stay_names() -> None:
    value = helper.make_tensor_value_info
    name = 'in" ]\n[model]\nid = "evil'
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], ["out.0"])],
        "g",
        [value(name, TensorProto.FLOAT, ["n\n[x]", 1, "d", "h", "w"])],
        [value("out.0", TensorProto.FLOAT, ["n", 1, "d", "h", "w"])],
    )
    parsed = tomllib.loads(proposal_of(helper.make_model(graph)).text)
    assert list(parsed["input"]) == [name]
    assert list(parsed["output"]) == ["out.0"]
    assert parsed["model"]["id"] == "?"


def tensors(inputs: list[object], outputs: list[object], element: int = TensorProto.FLOAT) -> ModelProto:
    """A model of one input and one output of some axes."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [value("x", TensorProto.FLOAT, inputs)],
        [value("y", element, outputs)],
    )
    return helper.make_model(graph)


def test_channels_that_come_last_are_seen_to() -> None:
    text = proposal_of(tensors(["n", "d", "h", "w", 1], ["n", "d", "h", "w", 3])).text
    assert text.count("often NDHWC") == 2
    assert "1 of them" in text
    assert text.count("[[label]]") == 3
    first = proposal_of(tensors(["n", 1, 96, 96, 32], ["n", 2, 96, 96, 32])).text
    assert first.count("often NCDHW") == 2


def test_a_label_map_without_an_axis_for_its_channel_is_a_segmentation() -> None:
    text = proposal_of(tensors(["n", 1, "d", "h", "w"], ["n", "d", "h", "w"], TensorProto.INT64)).text
    assert tomllib.loads(text)["model"]["task"] == "segmentation"
    assert "often NDHW\n" in text
    parsed = tomllib.loads(text)
    assert parsed["output"]["y"]["kind"] == "label-map"
    assert parsed["post"] == {"finding_score": "none", "case_score": "none"}
    assert parsed["label"][0]["index"] == 1
