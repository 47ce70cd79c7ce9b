from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.domain.errors import ManifestError
from viewer.inference.manifest import card, read_manifest
from viewer.inference.manifest_example import EXAMPLE, EXAMPLES
from viewer.inference.manifest_post import KEYS
from viewer.inference.manifest_terms import InputRole, Mode

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"not a network, but what the hash says"


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def example() -> str:
    return EXAMPLE.format(sha256=hashlib.sha256(CONTENT).hexdigest())


def test_the_example_is_read_and_its_card_says_what_a_person_needs(tmp_path: Path, example: str) -> None:
    manifest = read_manifest(folder_with(tmp_path, example))

    assert manifest.image.spacing_mm == (2.0, 2.0, 2.0)
    assert manifest.inference.mode is Mode.WHOLE_OR_SLIDING
    assert manifest.image.role is InputRole.IMAGE
    brain = manifest.image.channels[0]
    assert (brain.low, brain.high) == (0.0, 80.0)
    assert [(hu - brain.shift) / brain.scale for hu in (0, 40, 80)] == [0.0, 0.5, 1.0]
    facts = card(manifest)
    assert facts.synthetic_only
    assert facts.metrics == (("Sensitivity", "0.9 (0.85 to 0.94), 60 unseen synthetic heads"),)
    assert facts.default_threshold == 0.5
    assert manifest.labels[0].window is not None
    assert manifest.labels[0].window.width == 80


def test_a_manifest_that_an_editor_saved_with_its_mark_at_the_front_is_read(tmp_path: Path, example: str) -> None:
    folder = folder_with(tmp_path, "\ufeff" + example.replace("\n", "\r\n"))
    assert read_manifest(folder).labels[0].name == "Haemorrhage"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "intended_use =",
            "intendd_use =",
            "model.card.intendd_use is not known; did you mean model.card.intended_use?",
        ),
        ("[post]", "[psot]", "psot is not known; did you mean post?"),
        ("overlap = 0.25", 'overlap = "much"', "inference.overlap must be a number from 0 to 0.9, not 'much'."),
        ("mask_threshold = 0.5", "mask_threshold = 5", "post.mask_threshold must be a number from 0 to 1, not 5."),
        ('version = "1.0.0"', "", "model.version is missing."),
        ("manifest = 1", "manifest = 9", "The manifest is of version 9; this program reads version 1."),
        ('layout = "NCDHW"  ', 'layout = "NCDDW"  ', "input.image.layout must be letters of N, C, D, H, W"),
        ("{ window = [40, 80] },", "{ widnow = [40, 80] },", "input.image.channels[0].widnow is not known"),
        ('mode = "whole_or_sliding"', 'mode = "slidding"', "Did you mean 'sliding'?"),
        ('"model.onnx" =', '"../model.onnx" =', "must be a file beside model.toml, without a folder."),
        ('"model.onnx" =', '"C:model.onnx" =', "must be a file beside model.toml, without a folder."),
        ('"model.onnx" =', '"other.onnx" =', "model.file is not listed with its SHA-256 in model.files."),
        ("connectivity = 26", "connectivity = 7", 'post.connectivity must be 6, 18, 26 or "label", not 7.'),
        (
            'task = "segmentation"',
            'task = "detection"',
            "output.logits.kind: voxel-logits does not belong to detection",
        ),
        ('kind = "voxel-logits"', 'kind = "boxes"', "output.logits.kind: boxes does not belong to segmentation"),
        ("manifest = 1", "manifest = 1 = 2", "is not valid TOML"),
        ("synthetic_only = true", "synthetic_only = 1", "accept.synthetic_only must be true or false, not 1."),
        ("default = true", "default = false", "operating_point: exactly one must say default = true."),
    ],
)
def test_a_mistake_in_the_manifest_is_named_by_its_place(
    tmp_path: Path, example: str, before: str, after: str, sentence: str
) -> None:
    assert before in example
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder_with(tmp_path, example.replace(before, after, 1)))
    assert sentence in caught.value.sentence


@pytest.mark.parametrize("task", list(EXAMPLES))
def test_the_example_of_every_kind_is_read(tmp_path: Path, task: str) -> None:
    text = EXAMPLES[task].format(sha256=hashlib.sha256(CONTENT).hexdigest())
    manifest = read_manifest(folder_with(tmp_path, text))
    assert manifest.task == task
    assert manifest.labels
    # Every key that this kind may have is explained.
    post = text[text.index("[post]") :].split("[[label]]")[0]
    for key in KEYS[manifest.task]:
        assert f"{key} = " in post


def test_an_exchanged_onnx_file_is_noticed(tmp_path: Path, example: str) -> None:
    folder = folder_with(tmp_path, example)
    (folder / "model.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(ManifestError, match="SHA-256 differs"):
        read_manifest(folder)


def test_a_linked_onnx_file_is_refused(tmp_path: Path, example: str) -> None:
    folder = folder_with(tmp_path, example)
    (folder / "model.onnx").rename(tmp_path / "elsewhere")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ManifestError, match="is a link"):
        read_manifest(folder)


def test_a_folder_without_a_manifest_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"holds no readable model\.toml"):
        read_manifest(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    task=st.sampled_from(sorted(EXAMPLES)),
    cut=st.integers(0, 4000),
    junk=st.text(max_size=12),
    length=st.integers(0, 40),
)
def test_a_damaged_manifest_never_ends_in_anything_but_a_sentence(
    tmp_path: Path, task: str, cut: int, junk: str, length: int
) -> None:
    example = EXAMPLES[task].format(sha256=hashlib.sha256(CONTENT).hexdigest())
    text = example[:cut] + junk + example[cut + length :]
    folder_with(tmp_path, "").joinpath("model.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ManifestError):
        read_manifest(tmp_path)
