"""The direction of the imports, and that breaking it is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LINTER = Path(sys.executable).with_name("lint-imports")

VIOLATIONS = {
    "Imports point down": ("services/broken.py", "import viewer.ui"),
    "Qt in ui and app alone": ("scene/broken.py", "from PySide6 import QtGui"),
    "VTK in scene alone": ("ui/broken.py", "import vtkmodules.vtkCommonCore"),
    "DICOM and NIfTI libraries in io alone": ("analysis/broken.py", "import pydicom"),
    "The network in io.archive alone": ("cli/broken.py", "import requests"),
    "ONNX Runtime in inference alone": ("phantom/broken.py", "import onnxruntime"),
    "The domain stands on numpy, attrs and psygnal": ("domain/broken.py", "import scipy.ndimage"),
}

pytestmark = pytest.mark.skipif(not LINTER.exists(), reason="import-linter is not installed")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what import-linter says of the package in this folder."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def source_copy(repository: Path, tmp_path: Path) -> Path:
    """Return a folder with a copy of the package and of the contract."""
    shutil.copytree(repository / "viewer", tmp_path / "viewer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down(repository: Path) -> None:
    result = lint(repository)
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_contract_notices_a_violation(source_copy: Path, repository: Path) -> None:
    contracts = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == set(VIOLATIONS)
    for path, line in VIOLATIONS.values():
        (source_copy / "viewer" / path).write_text(line + "\n", encoding="utf-8")
    result = lint(source_copy)
    assert result.returncode != 0
    for name in VIOLATIONS:
        assert f"{name} BROKEN" in result.stdout, result.stdout


def test_a_module_outside_the_layers_is_noticed(source_copy: Path) -> None:
    (source_copy / "viewer" / "stray.py").write_text("", encoding="utf-8")
    result = lint(source_copy)
    assert result.returncode != 0
    assert "viewer.stray" in result.stdout
