"""The facts about a model that a person reads before trusting it."""

from __future__ import annotations

from attrs import frozen

from viewer.domain.finding import Source, SourceKind


@frozen
class ModelCard:
    """What a model takes, gives, and is for."""

    id: str
    name: str
    version: str
    task: str
    licence: str
    intended_use: str
    trained_on: str
    limitations: str
    synthetic_only: bool
    rules: bool
    sha256: str
    metrics: tuple[tuple[str, str], ...] = ()
    operating_points: tuple[tuple[str, float], ...] = ()
    default_threshold: float = 0.5
    folder: str = ""

    @property
    def source(self) -> Source:
        """The model as the source of its findings."""
        return Source(SourceKind.MODEL, self.name, self.version, self.id, self.sha256, self.rules)
