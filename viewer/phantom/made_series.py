"""The process in which the pictures of a case are made: it writes them into a folder and says how far it is.

The worker says ("progress", done, total, what), and at last ("done", Sameness) or ("error", CaseStageError). It can be
ended at any time: the folder that it writes into is not yet the place where pictures are looked for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext, Progress
from viewer.phantom.recipe import made, read_recipe
from viewer.phantom.sameness import Sameness, sameness
from viewer.phantom.write import write_pictures

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path


def serve(connection: Connection, recipe_path: Path, sha256: str, folder: Path) -> None:
    """Make the pictures of a recipe into a folder, where they are those that were tested, and end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(5)

    def tell(progress: Progress) -> None:
        connection.send(("progress", progress.done, progress.total, progress.what))

    answer: tuple[str, object]
    try:
        answer = ("done", make_series(recipe_path, sha256, folder, JobContext(tell)))
    except CaseStageError as error:
        answer = ("error", error)
    except MemoryError:
        answer = (
            "error",
            CaseStageError("There is not enough memory to make these pictures.", "Close other programs."),
        )
    except OSError:
        # Whoever asked is gone.
        os._exit(1)
    except Exception as error:  # noqa: BLE001 (whatever it is, it must not end the process without a sentence)
        said = "".join(traceback.format_exception(error))[-4000:]
        answer = ("error", CaseStageError("The pictures could not be made.", "Report this with its details.", said))
    with contextlib.suppress(OSError):
        connection.send(answer)
        connection.close()


def make_series(recipe_path: Path, sha256: str, folder: Path, ctx: JobContext) -> Sameness:
    """Make the pictures of a recipe and return how they compare with those tested; others are not written.

    Raises
    ------
    CaseStageError
        When they cannot be made or written.
    CancelledError
        When that was asked for.
    """
    recipe, means_hu = read_recipe(recipe_path)
    phantom = made(recipe, ctx.part(0.0, 0.85))
    same = sameness(phantom.voxels_hu, sha256, means_hu)
    if same is not Sameness.OTHER:
        write_pictures(phantom, folder, ctx.part(0.85, 1.0), named=recipe.name)
    return same
