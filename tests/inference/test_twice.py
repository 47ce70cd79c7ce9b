"""Probabilities that a manifest calls logits are told of: made into probabilities twice they mark everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import ModelProto, helper

from tests.cli.conftest import casestage
from tests.inference.conftest import above_100, graph_of
from viewer.domain.job import JobContext
from viewer.inference.manifest import read_manifest
from viewer.inference.models import facts_of
from viewer.inference.recalled import run_or_recall
from viewer.inference.run import run_on
from viewer.inference.run_records import RunRecords
from viewer.inference.twice import twice_by_graph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

    Make = Callable[..., Path]

LOGITS = {'kind = "voxel-probabilities"': 'kind = "voxel-logits"\nactivation = "sigmoid"'}


def squashed(last: str = "Sigmoid", *moved: str) -> ModelProto:
    """Logits of a ramp around 100 HU, made into probabilities by the model itself, and then only moved about."""
    names = ["scaled", *(f"moved{n}" for n in range(len(moved))), "out"]
    nodes = [
        helper.make_node("Sub", ["image", "zero_at"], ["shifted"]),
        helper.make_node("Mul", ["shifted", "slope"], ["scaled"]),
        helper.make_node(last, ["scaled"], [names[1]]),
        *(helper.make_node(kind, [names[n + 1]], [names[n + 2]]) for n, kind in enumerate(moved)),
    ]
    return graph_of(nodes, {"zero_at": np.float32(100), "slope": np.float32(0.1)})


def test_a_run_says_that_everything_may_be_marked(model_folder: Make, two_balls: Volume) -> None:
    twice = run_on(read_manifest(model_folder(above_100(), LOGITS)), two_balls, JobContext())
    assert twice.findings
    (note,) = twice.notes
    assert note.startswith("Tiny gave 50% to ")
    assert note.endswith("its logits may be probabilities already (output.out.kind in model.toml).")
    once = run_on(read_manifest(model_folder(above_100(), name="right")), two_balls, JobContext())
    assert once.notes == ()


def test_the_recorded_result_says_so_too(model_folder: Make, two_balls: Volume, tmp_path: Path) -> None:
    manifest, records = read_manifest(model_folder(above_100(), LOGITS)), RunRecords(tmp_path / "runs")
    first = run_or_recall(manifest, two_balls, JobContext(), records)
    recalled = run_or_recall(manifest, two_balls, JobContext(), records)
    assert recalled.recorded
    assert recalled.notes == first.notes
    assert "probabilities already" in recalled.notes[0]


def test_true_logits_are_not_suspected(model_folder: Make, two_balls: Volume) -> None:
    plain = graph_of(
        [
            helper.make_node("Sub", ["image", "zero_at"], ["shifted"]),
            helper.make_node("Mul", ["shifted", "slope"], ["out"]),
        ],
        {"zero_at": np.float32(100), "slope": np.float32(0.1)},
    )
    assert run_on(read_manifest(model_folder(plain, LOGITS)), two_balls, JobContext()).notes == ()


@pytest.mark.parametrize("moved", [(), ("Identity", "Identity")])
def test_the_graph_tells_before_any_run(model_folder: Make, moved: tuple[str, ...]) -> None:
    folder = model_folder(squashed("Sigmoid", *moved), LOGITS)
    manifest = read_manifest(folder)
    warning = twice_by_graph(manifest, facts_of(manifest.onnx_path))
    assert warning.startswith("Tiny ends in a sigmoid, so output.out holds probabilities already, not logits.")
    for command in (("models", "check", folder), ("models", "add", folder)):
        said = casestage(*command)
        assert said.code == 0, said.err
        assert warning in said.out
        assert 'say kind = "voxel-probabilities"' in said.out
    assert warning in casestage("models", "add", folder, "--replace", "--json").json["notes"]


def test_a_model_whose_manifest_says_what_it_gives_is_not_warned_of(model_folder: Make) -> None:
    right = read_manifest(model_folder(squashed()))
    assert twice_by_graph(right, facts_of(right.onnx_path)) == ""
    other = read_manifest(model_folder(squashed("Relu"), LOGITS, name="relu"))
    assert twice_by_graph(other, facts_of(other.onnx_path)) == ""
