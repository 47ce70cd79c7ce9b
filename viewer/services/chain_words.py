"""What is said where the journal of decisions is not as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.errors import StorageError
from viewer.io.spoken_of import SpokenOf

if TYPE_CHECKING:
    from viewer.io.journal_chain import Chain

HINT = "Nothing was taken away: look at these decisions again, or hold them against the copies in “backups”."
_MOST_NAMED = 20


def chain_words(chain: Chain) -> str:
    """Return what is wrong, such as "1 of 12 entries was changed, 2 entries are missing"; "" for nothing."""
    parts = []
    if chain.changed:
        count = len(chain.changed)
        parts.append(f"{count:,} of {entries(chain.events)} {'was' if count == 1 else 'were'} changed")
    if chain.missing:
        parts.append(f"{entries(chain.missing)} {'is' if chain.missing == 1 else 'are'} missing")
    return ", ".join(parts)


def entries(count: int) -> str:
    """Return how many entries there are, in words."""
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def of_series(chain: Chain) -> StorageError:
    """Return what is told when a series is opened whose entries in the journal are not as they were written."""
    if chain.changed:
        count = f"{len(chain.changed):,} of {entries(chain.events)}"
        missing = f", and {chain_words(evolve(chain, changed=()))}" if chain.missing else ""
        sentence = f"Decisions on this series were changed outside of CaseStage: {count}{missing}."
    else:
        sentence = f"From the decisions on this computer {chain_words(chain)}; they may be of this series."
    named = [f"Entry {one.sequence}: {SpokenOf.read(one.finding_id).finding_id}" for one in chain.changed[:_MOST_NAMED]]
    if len(chain.changed) > _MOST_NAMED:
        named.append(f"and {len(chain.changed) - _MOST_NAMED:,} more")
    return StorageError(sentence, HINT, "\n".join(named))
