"""When a finding counts as having found a true lesion, as the user has it; kept between starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from viewer.domain.finding import MatchRule
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.services.settings import Choices, Settings

LEAST_IOU, MOST_ML = 0.01, 1000.0


def keep_rule(settings: Settings, session: Session, other: Session) -> None:
    """Let two sessions match by the rule of the settings; on stage by the usual one.

    A story is told alike on every computer, whatever rule its user goes by.
    """

    def follow(*_: object) -> None:
        staged = session.workspace is Workspace.PRESENT
        session.match_rule = other.match_rule = MatchRule() if staged else rule_of(settings.now)

    follow()
    settings.changed.connect(follow)
    session.workspace_changed.connect(follow)


def rule_of(choices: Choices) -> MatchRule:
    """Return the rule of the user's choices, within what can be meant."""
    usual = MatchRule()
    iou, least_ml = choices.match_overlap, choices.least_lesion_ml
    return MatchRule(
        min(max(iou, LEAST_IOU), 1.0) if math.isfinite(iou) else usual.least_iou,
        min(max(least_ml, 0.0), MOST_ML) if math.isfinite(least_ml) else usual.least_truth_ml,
    )
