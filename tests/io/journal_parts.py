"""What journals are written of."""

from __future__ import annotations

import numpy as np

from viewer.domain.finding import Finding, Source, SourceKind

SERIES = "1.2.840.1"

OTHER_SERIES = "1.2.840.2"


def finding_of_a_model(name: str = "nodule-1") -> Finding:
    source = Source(SourceKind.MODEL, "Nodules", "1.2", "nodules", "ab" * 32)
    return Finding(name, "2.25.1", "nodule", "Nodule", source, np.zeros(3), np.zeros((3, 2)), score=0.8)
