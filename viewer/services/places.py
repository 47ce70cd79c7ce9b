"""Where the program keeps its files on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from viewer.io.shipped import shipped


def _folder(override: str, usual: str) -> Path:
    home = os.environ.get("CASESTAGE_HOME")
    return Path(home) / override if home else Path(usual)


def data_folder() -> Path:
    """Return the folder for decisions, the index and recorded results (CASESTAGE_HOME overrides)."""
    return _folder("data", platformdirs.user_data_dir("casestage", appauthor=False))


def decisions_file() -> Path:
    """Return the file of all decisions, the review journal."""
    return data_folder() / "decisions.sqlite3"


def received_folder() -> Path:
    """Return the folder for images that came from archives."""
    return data_folder() / "received"


def config_folder() -> Path:
    """Return the folder for settings."""
    return _folder("config", platformdirs.user_config_dir("casestage", appauthor=False))


def run_records_folder() -> Path:
    """Return the folder for results of models, kept to be shown again; it may be emptied at any time."""
    return _folder("cache", platformdirs.user_cache_dir("casestage", appauthor=False)) / "runs"


def rehearsals_folder() -> Path:
    """Return the folder for records of rehearsals."""
    return data_folder() / "rehearsals"


def alignments_folder() -> Path:
    """Return the folder of how pairs of series were laid on each other by hand."""
    return data_folder() / "alignments"


def own_cases_folder() -> Path:
    """Return the folder of the user's own cases."""
    return data_folder() / "cases"


def model_folders() -> tuple[Path, ...]:
    """Return the folders whose subfolders are models: the user's first, then what came with the program."""
    return (data_folder() / "models", shipped("resources/models"))


def case_folders() -> tuple[Path, ...]:
    """Return the folders whose subfolders are cases: the user's first, then what came with the program."""
    return (own_cases_folder(), shipped("demo_cases"))
