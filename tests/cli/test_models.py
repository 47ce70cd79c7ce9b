from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import onnx
import pytest

from tests.cli.conftest import casestage


@pytest.fixture
def copied(anatomy: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(anatomy, tmp_path / "mine"))


def change(folder: Path, before: str, after: str) -> None:
    text = (folder / "model.toml").read_text(encoding="utf-8")
    assert before in text
    (folder / "model.toml").write_text(text.replace(before, after), encoding="utf-8")


def damage(folder: Path) -> None:
    """Cut the ONNX file in half, and name the hash of the half, as a bad export would."""
    model = folder / "model.onnx"
    whole = model.read_bytes()
    half = whole[: len(whole) // 2]
    model.write_bytes(half)
    change(folder, hashlib.sha256(whole).hexdigest(), hashlib.sha256(half).hexdigest())


def test_models_are_listed_as_agreed() -> None:
    for said in (casestage("models", "list", "--json"), casestage("models", "--json")):
        assert said.code == 0
        assert set(said.json) == {"models"}
        for model in said.json["models"]:
            assert set(model) == {"id", "name", "version", "task", "synthetic_only"}
        anatomy = next(m for m in said.json["models"] if m["id"] == "anatomy")
        assert anatomy["synthetic_only"] is False
        assert anatomy["task"] == "segmentation"


def test_words_say_what_is_rules() -> None:
    said = casestage("models", "list")
    assert said.code == 0
    assert "anatomy  Anatomy by rules" in said.out
    assert "rules" in said.out


def test_a_model_is_added_once_it_is_checked_and_replaced_when_asked_to(copied: Path, own_home: Path) -> None:
    models = own_home / "data" / "models"
    taken = casestage("models", "add", copied)
    assert taken.code == 1
    assert "belongs to Anatomy by rules" in taken.err
    change(copied, 'id = "anatomy"', 'id = "mine"')
    (copied / "MODEL_CARD.md").write_text("A card.")
    (copied / "patients.csv").write_text("Doe^John")
    said = casestage("models", "add", copied)
    assert said.code == 0, said.err
    assert {path.name for path in (models / "mine").iterdir()} == {"model.toml", "model.onnx", "MODEL_CARD.md"}
    assert "mine" in {m["id"] for m in casestage("models", "list", "--json").json["models"]}
    change(copied, 'version = "1.1.0"', 'version = "1.2.0"')
    again = casestage("models", "add", copied)
    assert again.code == 1
    assert "--replace" in again.err
    assert casestage("models", "add", copied, "--replace").code == 0
    assert 'version = "1.2.0"' in (models / "mine" / "model.toml").read_text(encoding="utf-8")
    assert [path.name for path in models.iterdir()] == ["mine"]


def test_a_model_that_does_not_load_is_not_added_and_what_was_there_stays(copied: Path, own_home: Path) -> None:
    change(copied, 'id = "anatomy"', 'id = "mine"')
    assert casestage("models", "add", copied).code == 0
    whole = (copied / "model.onnx").read_bytes()
    damage(copied)
    said = casestage("models", "add", copied, "--replace")
    assert said.is_sentence()
    kept = own_home / "data" / "models"
    assert (kept / "mine" / "model.onnx").read_bytes() == whole
    assert [path.name for path in kept.iterdir()] == ["mine"]


def test_a_users_model_is_listed_and_a_damaged_one_is_told_beside_the_others(copied: Path, own_home: Path) -> None:
    models = own_home / "data" / "models"
    shutil.copytree(copied, models / "good")
    change(models / "good", 'id = "anatomy"', 'id = "mine"')
    shutil.copytree(copied, models / "bad")
    change(models / "bad", "intended_use", "intended_us")
    said = casestage("models", "list", "--json")
    assert said.code == 1
    assert {"mine", "anatomy"} <= {m["id"] for m in said.json["models"]}
    assert "intended_us" in said.err


def test_a_complete_folder_passes(anatomy: Path) -> None:
    said = casestage("models", "check", anatomy)
    assert said.code == 0
    assert "Anatomy by rules" in said.out
    assert "opset" in said.out


def test_check_says_and_shows_what_the_model_will_be_fed(small_series: Path, tmp_path: Path) -> None:
    said = casestage("models", "check", "anatomy", "--on", small_series, "--picture", tmp_path / "fed.png")
    assert said.code == 0
    assert "not known" not in said.out
    assert "this volume: " in said.out
    assert "is fed as: " in said.out
    assert (tmp_path / "fed.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_needs_something_to_look_at(tmp_path: Path) -> None:
    said = casestage("models", "check", "anatomy", "--picture", tmp_path / "fed.png")
    assert said.is_sentence()
    assert "--on" in said.err


def test_a_tensor_that_the_model_does_not_have_is_named(copied: Path) -> None:
    change(copied, "[input.", "[input.no_")
    said = casestage("models", "check", copied)
    assert said.is_sentence()
    assert "names the input" in said.err


def test_a_misspelt_key_is_named_with_the_right_one(copied: Path) -> None:
    change(copied, "limitations = [", "limitation = [")
    said = casestage("models", "check", copied)
    assert said.is_sentence()
    assert "limitation" in said.err
    assert "limitations" in said.err


def test_a_corrupt_onnx_file_is_a_sentence(copied: Path) -> None:
    damage(copied)
    assert casestage("models", "check", copied).is_sentence()
    (copied / "model.toml").unlink()
    assert casestage("models", "check", copied / "model.onnx").is_sentence()


def test_a_corrupt_onnx_file_does_not_run(copied: Path, small_series: Path, tmp_path: Path) -> None:
    damage(copied)
    said = casestage("run", small_series, "--model", copied, "--out", tmp_path / "out")
    assert said.is_sentence()
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_the_named_one_is_refused(copied: Path) -> None:
    with (copied / "model.onnx").open("ab") as file:
        file.write(b"\0")
    assert casestage("models", "check", copied).is_sentence()


@pytest.mark.parametrize("content", [b"", b"junk", b"\x08" * 4000], ids=["empty", "text", "bytes"])
def test_what_is_no_onnx_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    assert casestage("models", "check", tmp_path / "model.onnx").is_sentence()


def test_a_folder_without_a_manifest_and_nothing_at_all(tmp_path: Path) -> None:
    assert casestage("models", "check", tmp_path).is_sentence()
    assert casestage("models", "check", tmp_path / "nowhere").is_sentence()


def test_a_foreign_model_is_described_with_what_is_not_known(real_data: Path) -> None:
    said = casestage("models", "check", real_data / "a22_onnx_mr_tissue" / "model.onnx")
    assert said.is_sentence()
    assert "256, 256, 256" in said.out
    assert said.out.count("not known:") >= 3
    assert "manifest" in said.err


def test_a_proposed_model_folder_is_refused_until_its_questions_are_answered(anatomy: Path, tmp_path: Path) -> None:
    said = casestage("models", "propose", anatomy / "model.onnx", "--task", "segmentation", "--out", tmp_path / "new")
    assert said.code == 0
    assert "answers are missing in model.toml" in said.out
    checked = casestage("models", "check", tmp_path / "new")
    assert checked.is_sentence()
    assert "open questions" in checked.err
    again = casestage("models", "propose", anatomy / "model.onnx", "--task", "segmentation", "--out", tmp_path / "new")
    assert again.is_sentence()
    assert "holds a model already" in again.err
    printed = casestage("models", "propose", anatomy / "model.onnx", "--task", "segmentation")
    assert printed.code == 0
    assert printed.out.startswith("manifest = 1")


def test_a_model_exported_as_several_files_becomes_one(anatomy: Path, tmp_path: Path) -> None:
    onnx.save_model(
        onnx.load(str(anatomy / "model.onnx")),
        str(tmp_path / "net.onnx"),
        save_as_external_data=True,
        location="net.onnx.data",
        size_threshold=0,
        convert_attribute=True,
    )
    checked = casestage("models", "check", tmp_path / "net.onnx")
    assert "weights in other files" in checked.out
    assert "--out" in checked.err
    said = casestage("models", "propose", tmp_path / "net.onnx", "--task", "segmentation", "--out", tmp_path / "new")
    assert said.code == 0
    assert "they were put into model.onnx" in said.out
    assert "Cannot be run" not in said.out
    made = (tmp_path / "new/model.onnx").read_bytes()
    assert hashlib.sha256(made).hexdigest() in (tmp_path / "new/model.toml").read_text(encoding="utf-8")
    (tmp_path / "net.onnx.data").unlink()
    missing = casestage("models", "propose", tmp_path / "net.onnx", "--out", tmp_path / "other")
    assert missing.is_sentence()
    assert "net.onnx.data" in missing.err
    assert not (tmp_path / "other").exists()


def test_importing_without_an_onnx_file_says_how_to_come_by_one(tmp_path: Path) -> None:
    for command in ("import-monai", "import-nnunet"):
        said = casestage("models", command, tmp_path, "--out", tmp_path / "out")
        assert said.is_sentence()
        assert "--onnx" in said.err
        assert not (tmp_path / "out").exists()


def test_what_an_importer_refuses_is_named_and_nothing_is_written(anatomy: Path, tmp_path: Path) -> None:
    (tmp_path / "plans.json").write_text('{"configurations": {"2d": {}}}', encoding="utf-8")
    (tmp_path / "dataset.json").write_text("{}", encoding="utf-8")
    said = casestage("models", "import-nnunet", tmp_path, "--onnx", anatomy / "model.onnx", "--out", tmp_path / "out")
    assert said.is_sentence()
    assert "has no configuration “3d_fullres”" in said.err
    assert not (tmp_path / "out").exists()
