"""Where the files that come with the program are: fonts, icons, models, demo cases."""

from pathlib import Path

from viewer.domain.errors import StorageError

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(path: str) -> Path:
    """Return the absolute path of a file or folder that comes with the program.

    Parameters
    ----------
    path
        Relative to the top of the source tree, with forward slashes: ``resources/fonts`` or ``demo_cases``.

    Raises
    ------
    StorageError
        Nothing is there: the installation is not complete.
    """
    # An installed wheel carries the two folders inside the package; a checkout has them beside it.
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        found = root / path
        if found.exists():
            return found
    raise StorageError(
        f"“{path}”, which comes with CaseStage, is missing.",
        "Install CaseStage again.",
        f"looked in {_PACKAGE / '_shipped'} and {_PACKAGE.parent}",
    )
