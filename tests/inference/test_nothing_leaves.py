"""ONNX Runtime sends what it ran to its maker unless it is told not to before it starts; here it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Any of these keeps ONNX Runtime quiet, and so would hide that the program does not.
QUIET_ANYWAY = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY")


def left_in_a_home_by(code: str, home: Path) -> list[str]:
    kept = {key: value for key, value in os.environ.items() if key not in QUIET_ANYWAY and not key.startswith("XDG_")}
    subprocess.run([sys.executable, "-c", code], env=kept | {"HOME": str(home)}, check=True, timeout=60)
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_a_model_is_loaded_without_a_device_number_or_a_queue_of_events_to_send(
    tmp_path: Path, repository: Path
) -> None:
    onnx = repository / "resources" / "models" / "anatomy" / "model.onnx"
    load = f"from pathlib import Path; from viewer.inference import session as s; s.checked_bytes(Path({str(onnx)!r}))"
    assert left_in_a_home_by(load, tmp_path) == []


def test_what_a_model_s_process_inherits_says_so_too(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import onnxruntime'], check=True)"
    assert left_in_a_home_by(f"import viewer.inference; {child}", tmp_path) == []
