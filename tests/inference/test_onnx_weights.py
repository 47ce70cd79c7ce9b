from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.inference.conftest import above_100, graph_of
from viewer.domain.errors import ModelError
from viewer.inference.onnx_file import onnx_facts
from viewer.inference.onnx_weights import with_own_weights
from viewer.inference.session import session_from

if TYPE_CHECKING:
    from pathlib import Path


def weighted() -> onnx.ModelProto:
    """Weights in the graph, in a node, and in a branch of an If."""
    branch = helper.make_graph(
        [helper.make_node("Add", ["image", "inner"], ["chosen"])],
        "branch",
        [],
        [helper.make_tensor_value_info("chosen", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.float32([3, 4]), "inner")],
    )
    constant = helper.make_node("Constant", [], ["more"], value=numpy_helper.from_array(np.float32([7, 9]), "v"))
    nodes = [
        constant,
        helper.make_node("If", ["yes"], ["one"], then_branch=branch, else_branch=branch),
        helper.make_node("Mul", ["one", "more"], ["two"]),
        helper.make_node("Mul", ["two", "w"], ["out"]),
    ]
    return graph_of(nodes, {"w": np.float32([2, 5]), "yes": np.bool_(True)})


def saved(folder: Path, model: onnx.ModelProto | None = None) -> Path:
    path = folder / "net.onnx"
    onnx.save_model(
        model or weighted(),
        str(path),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="net.onnx.data",
        size_threshold=0,
        convert_attribute=True,
    )
    return path


def moved(path: Path, **told: Any) -> Path:
    """Change what the first external tensor says of its place."""
    model = onnx.load(str(path), load_external_data=False)
    tensor = next(t for t in model.graph.initializer if t.data_location == TensorProto.EXTERNAL)
    kept = {entry.key: entry.value for entry in tensor.external_data} | {k: str(v) for k, v in told.items()}
    del tensor.external_data[:]
    for key, value in kept.items():
        if value != "None":
            tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_beside_a_model_are_put_into_it_and_it_computes_the_same(tmp_path: Path) -> None:
    made = with_own_weights(saved(tmp_path))
    assert made is not None
    facts = onnx_facts(made)
    assert not facts.external
    assert facts.nodes == onnx_facts(weighted().SerializeToString()).nodes
    image = np.arange(6, dtype=np.float32).reshape(1, 1, 1, 3, 2)
    whole = session_from(weighted().SerializeToString(), "whole").run(["out"], {"image": image})
    assert np.array_equal(session_from(made, "made").run(["out"], {"image": image})[0], whole[0])


def test_a_model_that_has_all_in_it_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(above_100().SerializeToString())
    assert with_own_weights(path) is None


@pytest.mark.parametrize(
    "location", ["../secret", "/etc/passwd", "C:\\secret", "C:secret", "..\\secret", "a/../../secret", "", "."]
)
def test_weights_are_taken_from_beside_the_model_alone(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(ModelError, match="no file beside it"):
        with_own_weights(moved(saved(folder), location=location))


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    path = saved(folder)
    data = folder / "net.onnx.data"
    data.rename(tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is a link"):
        with_own_weights(path)
    data.unlink()
    os.link(tmp_path / "elsewhere", data)
    with pytest.raises(ModelError, match="is a link"):
        with_own_weights(path)
    data.unlink()
    (tmp_path / "inner").mkdir()
    (tmp_path / "elsewhere").rename(tmp_path / "inner/w")
    shutil.copyfile(tmp_path / "inner/w", data)
    (folder / "sub").symlink_to(tmp_path / "inner")
    with pytest.raises(ModelError, match="is a link"):
        with_own_weights(moved(path, location="sub/w"))


def test_places_beyond_the_file_and_files_that_are_missing_are_named(tmp_path: Path) -> None:
    for told in ({"offset": 10**9}, {"length": 10**9}, {"offset": 2, "length": 10**17}):
        with pytest.raises(ModelError, match="beyond the end of net.onnx.data"):
            with_own_weights(moved(saved(tmp_path), **told))
    for told in ({"offset": -1}, {"length": "1e3"}, {"offset": "9" * 30}):
        with pytest.raises(ModelError, match="no place in a file"):
            with_own_weights(moved(saved(tmp_path), **told))
    path = saved(tmp_path)
    (tmp_path / "net.onnx.data").unlink()
    with pytest.raises(ModelError, match="net.onnx.data, which is not beside it"):
        with_own_weights(path)
    os.mkfifo(tmp_path / "net.onnx.data")
    with pytest.raises(ModelError, match="cannot be read"):
        with_own_weights(path)


def test_the_same_weights_named_again_and_again_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)
    size = path.stat().st_size + (tmp_path / "net.onnx.data").stat().st_size
    monkeypatch.setattr("viewer.inference.onnx_weights.LARGEST_MODEL_BYTES", size)
    model = onnx.load(str(path), load_external_data=False)
    for n in range(100):
        model.graph.initializer.append(model.graph.initializer[0])
        model.graph.initializer[-1].name = f"again{n}"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="is larger than"):
        with_own_weights(path)
