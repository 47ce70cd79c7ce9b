"""Documents of older versions brought up to this one, a version at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.io.strict_json import WrongJsonError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def migrated(
    document: Any, current: int, steps: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]
) -> dict[str, Any]:
    """Return a document as version `current` has it.

    Parameters
    ----------
    document
        With its `version`, which has been checked not to be newer.
    steps
        By version: what makes of a document of that version one of the next.

    Raises
    ------
    WrongJsonError
        When its version is no whole number from 1, or there is no way on from it.
    """
    if not isinstance(document, dict):
        raise WrongJsonError("it is no object")
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise WrongJsonError("“version” must be a whole number from 1")
    while version < current:
        if version not in steps:
            raise WrongJsonError(f"there is no way from version {version} to {version + 1}")
        document = {**steps[version](dict(document)), "version": version + 1}
        version += 1
    return dict(document)
