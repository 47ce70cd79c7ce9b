from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_planes_and_outlines_do_not_wait_for_vtk_at_the_start(repository: Path) -> None:
    # VTK takes longer to load than the rest of the program together; 3D loads it in its own thread.
    code = (
        "import sys, viewer.scene.planes, viewer.scene.contours, viewer.scene.volume3d\n"
        "sys.exit(any(name.startswith('vtkmodules') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=repository, check=False).returncode == 0


def test_the_window_is_there_without_what_only_later_work_needs(repository: Path) -> None:
    later = {"vtkmodules", "onnxruntime", "pydicom", "scipy", "imagecodecs", "nibabel", "highdicom", "pynetdicom"}
    later |= {"email", "csv", "importlib.metadata", "cattrs", "html", "multiprocessing"}
    later |= {"numpy.ma", "numpy.random", "numpy.testing", "numpy.f2py"}
    code = (
        "import sys\n"
        "from viewer.ui.quick_imports import leave_sources_unread, leave_version_unasked\n"
        "leave_sources_unread(), leave_version_unasked()\n"
        f"import viewer.app; print(*sorted({later!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
