"""The parts that a series is split into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry


def entries(made_ct: Any) -> tuple[SeriesEntry, ...]:
    return scan(made_ct.folder, JobContext()).series


def opened(made_ct: Any) -> list[Volume]:
    return [assemble(entry, JobContext()) for entry in entries(made_ct)]
