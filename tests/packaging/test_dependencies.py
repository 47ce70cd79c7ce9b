"""What gets installed: pinned, the versions that are tested, and nothing under the GPL."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from viewer.io.archive.extra import LIBRARIES

if TYPE_CHECKING:
    from pathlib import Path

# "LGPL" is not meant; "GPL … WITH GCC-exception" is the compiler's own run-time library.
GPL = re.compile(r"(?<![A-Z])A?GPL|(?<!Lesser )(?<!Library or Lesser )GNU (?:Affero )?General Public License", re.I)


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    """Return the project's table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def locked(repository: Path) -> dict[str, str]:
    """Return the pinned version of each distribution that this Python and system take."""
    versions = {}
    for line in (repository / "requirements.lock").read_text("utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        assert requirement.url is None, line
        if requirement.marker is None or requirement.marker.evaluate():
            versions[canonicalize_name(requirement.name)] = specifier.version
    return versions


def installed_with(names: list[str]) -> dict[str, metadata.Distribution]:
    """Return these distributions and all that they require here, without extras."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = metadata.distribution(name)
        for text in found[name].requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def licence_choices(distribution: metadata.Distribution) -> list[str]:
    """Return the licences one may choose from, in the words of the distribution's metadata."""
    fields = distribution.metadata
    stated = fields.get("License-Expression") or fields.get("License") or ""
    if "\n" in stated or not stated.strip():
        # A whole licence text, or nothing: the classifiers name it, and all of them hold together.
        classifiers = [c for c in fields.get_all("Classifier", []) if c.startswith("License ::")]
        return [" AND ".join(classifiers)] if classifiers else [stated]
    return re.split(r"\s+OR\s+", stated)


def test_nothing_under_the_gpl_is_installed_with_the_program(project: dict[str, Any]) -> None:
    wanted = project["dependencies"] + project["optional-dependencies"]["pacs"]
    names = [Requirement(text).name for text in wanted]
    refused = {}
    for name, distribution in installed_with(names).items():
        choices = [choice for choice in licence_choices(distribution) if choice.strip()]
        assert choices, f"{name} does not say what its licence is"
        if all(GPL.search(choice) for choice in choices):
            refused[name] = choices
    assert refused == {}


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("LGPL-3.0-only", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", False),
        ("BSD-3-Clause", False),
    ],
)
def test_the_gpl_is_told_from_the_lgpl(licence: str, refused: bool) -> None:
    assert bool(GPL.search(licence)) is refused


def test_every_dependency_is_pinned_in_the_lock(project: dict[str, Any], locked: dict[str, str]) -> None:
    extras = project["optional-dependencies"]
    texts = project["dependencies"] + extras["pacs"] + extras["test"] + extras["dev"]
    wanted = [Requirement(text) for text in texts]
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name == "casestage":
            continue
        assert name in locked, f"{name} is not in requirements.lock: compile it again"
        assert requirement.specifier.contains(locked[name]), f"{name} {locked[name]} is not {requirement.specifier}"


def test_what_runs_here_is_what_the_lock_pins(project: dict[str, Any], locked: dict[str, str]) -> None:
    names = [Requirement(text).name for text in project["dependencies"]]
    differing = {
        name: (distribution.version, locked.get(name))
        for name, distribution in installed_with(names).items()
        if distribution.version != locked.get(name)
    }
    assert differing == {}


def test_the_program_tells_how_to_install_the_extra_for_archives(project: dict[str, Any]) -> None:
    wanted = {canonicalize_name(Requirement(text).name): text for text in project["optional-dependencies"]["pacs"]}
    for module, told in LIBRARIES.items():
        assert Requirement(told) == Requirement(wanted[canonicalize_name(module)])


def test_versions_of_qt_known_to_crash_are_kept_out(project: dict[str, Any]) -> None:
    (qt,) = [r for r in map(Requirement, project["dependencies"]) if r.name == "pyside6-essentials"]
    for bad in ("6.11.0", "6.11.1", "6.12.0"):
        assert not qt.specifier.contains(bad)


def test_the_lock_names_no_registry_and_no_place(repository: Path) -> None:
    text = (repository / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert " @ " not in text
