from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from viewer.cli.bench_figures import write_series

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
    later |= {"numpy.ma", "numpy.random", "numpy.testing", "numpy.f2py", "viewer.ui.library.places_list"}
    code = (
        "import sys\n"
        "from viewer.ui.quick_imports import leave_imports_to_python, leave_version_unasked\n"
        "leave_imports_to_python(), leave_version_unasked()\n"
        f"import viewer.app; print(*sorted({later!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_a_scan_is_shown_without_what_nothing_of_it_needs(repository: Path, tmp_path: Path) -> None:
    # Masked arrays and the parser of mails came with sets of images and with the program's version: 20 ms each time.
    write_series(tmp_path / "scan", np.zeros((6, 16, 16), np.int16))
    code = (
        "import sys; from pathlib import Path\n"
        "from viewer.domain.job import JobContext\n"
        "from viewer.io.index import LibraryIndex\n"
        "from viewer.io.scan import scan\n"
        "from viewer.services.loading import load_series\n"
        "from viewer.services.views import view_of_volume\n"
        "from viewer.ui.quick_imports import leave_version_unasked; leave_version_unasked()\n"
        f"folder = Path({str(tmp_path / 'scan')!r})\n"
        f"known = LibraryIndex(Path({str(tmp_path / 'index.sqlite')!r}), print).known_files(folder)\n"
        "view_of_volume(load_series(scan(folder, JobContext(), known).series[0], JobContext()))\n"
        "print(*sorted({'numpy.ma', 'importlib.metadata', 'email'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
