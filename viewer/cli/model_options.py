"""What can be typed after `casestage models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Run = Callable[[argparse.Namespace], int]

EXAMPLE = "models check ./my-model"


def add_model_commands(models: argparse.ArgumentParser, run: Callable[[str], Run]) -> None:
    """Add the subcommands; `run` gives a function by the end of its module's name and its own."""
    models.add_argument("--json", action="store_true", help="for other programs")
    kinds = models.add_subparsers(metavar="list|check|add|propose|import-monai|import-nnunet|cache")

    def command(name: str, summary: str, example: str, function: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=summary, description=summary, epilog=f"Example: casestage models {example}")
        sub.set_defaults(run=run(function))
        sub.add_argument("--json", action="store_true", help="for other programs")
        return sub

    command("list", "List the models on this machine.", "list", "models:list_models")

    check = command(
        "check",
        "Check a model folder or ONNX file, and show what the model will be fed.",
        "check ./my-model --on ~/ct/abdomen --picture fed.png",
        "model_checking:check_model",
    )
    check.add_argument("file", metavar="FILE|DIR|ID")
    check.add_argument(
        "--on", metavar="PATH", help="CT that it would be run on: say what the model will be fed from it"
    )
    check.add_argument("--series", metavar="UID", help="with --on: only this series")
    check.add_argument("--picture", metavar="PNG", help="with --on: write a picture of each channel as it is fed")

    add = command(
        "add",
        "Put a model folder among the models of this computer, once it is checked.",
        "add ./my-model",
        "model_making:add",
    )
    add.add_argument("folder", metavar="DIR", help="with model.toml and the ONNX file that it names")
    add.add_argument("--replace", action="store_true", help="in the place of a model of the same id")

    propose = command(
        "propose",
        "Write a manifest for an ONNX file, with “?” where the file does not tell.",
        "propose model.onnx --task segmentation --out ./my-model",
        "model_making:propose",
    )
    propose.add_argument("file", metavar="ONNX")
    propose.add_argument(
        "--task",
        choices=["segmentation", "detection", "slice-classification", "volume-classification"],
        help="what kind of model it is; asked for where its tensors leave it open",
    )
    propose.add_argument("--out", metavar="DIR", help="make a model folder there; without it the manifest is printed")

    monai = command(
        "import-monai",
        "Translate a MONAI bundle's metadata and inference configuration; nothing of it is run.",
        "import-monai ./spleen_ct_segmentation --onnx model.onnx --out ./spleen",
        "model_making:import_monai",
    )
    monai.add_argument("bundle", metavar="BUNDLE_DIR")
    nnunet = command(
        "import-nnunet",
        "Translate an nnU-Net v2 plan and dataset file; nothing of it is run.",
        "import-nnunet ./nnUNetTrainer__nnUNetPlans__3d_fullres --onnx model.onnx --out ./liver",
        "model_making:import_nnunet",
    )
    nnunet.add_argument("folder", metavar="DIR", help="with plans.json and dataset.json")
    nnunet.add_argument("--configuration", default="3d_fullres", metavar="NAME", help="3d_fullres where left out")
    for one in (monai, nnunet):
        one.add_argument("--onnx", metavar="ONNX", help="the exported model, where it is not beside")
        one.add_argument("--out", required=True, metavar="DIR", help="the model folder to make")

    cache = command("cache", "Say how much is recorded of earlier runs.", "cache --clear", "model_making:cache")
    cache.add_argument("--clear", action="store_true", help="forget all of it")
