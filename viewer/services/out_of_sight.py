"""Decisions on findings that a model gave earlier, or an earlier version of it, and gives no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.services.whose_series import series_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from viewer.domain.model_card import ModelCard
    from viewer.domain.session import Session
    from viewer.io.journal import Journal


def out_of_sight(session: Session, journal: Journal, ran: ModelCard, others: Collection[str]) -> str:
    """Return what a reader is told whose decisions are of findings that are there no more; "" where all are.

    Nothing is lost, and nothing of it would be seen.

    Parameters
    ----------
    ran
        The model whose findings are in the session now.
    others
        The hashes of other models on this computer: what was decided on theirs is there again when they run.

    Raises
    ------
    StorageError
        When the decisions cannot be read.
    """
    if session.volume is None:
        return ""
    there = {finding.id for finding in session.findings}
    there |= {finding.id for result in session.results.values() for finding in result.findings}
    models = journal.decided_models(series_of(session.volume.series))
    gone = [one for one in session.decisions if one not in there and models.get(one) and models[one] not in others]
    if not gone:
        return ""
    count, is_one = count_words(len(gone), "decision"), len(gone) == 1
    return (
        f"{count} on this series {'is of a finding' if is_one else 'are of findings'} that {ran.name} does not give "
        f"now, as before or in an earlier version. {'It is' if is_one else 'They are'} kept, and in no export."
    )
