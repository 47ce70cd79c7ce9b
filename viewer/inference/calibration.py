"""From a model's score to a probability, by a table that its author measured."""

from __future__ import annotations

import numpy as np
from attrs import frozen


@frozen
class Calibration:
    """Probabilities at some growing scores, in between by a straight line, and how they were obtained."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    how: str

    def probability(self, score: float) -> float:
        """Return the probability that a score stands for; beyond the table that of its nearest end."""
        return float(np.interp(score, self.scores, self.probabilities))
