"""What is wrong with a case before it is shown to anybody: its document, files, words, and places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.masking import identity_words, names_patient_in_prose
from viewer.domain.plain_text import plain_text
from viewer.domain.view_state import OverlayMode
from viewer.scene.colour_maps import COLOUR_MAPS
from viewer.scene.presets_3d import PRESETS_3D

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Step
    from viewer.services.loading import LoadedCase

MOST_WORDS = 25
LONGEST_SUMMARY = 50
LONGEST_TITLE = 40
_MARKS = re.compile(r"!\[[^\]]*\]\([^)]*\)|[*_`#>]+|\]\([^)]*\)|\[")
_HEADING = re.compile(r"^#.*$", re.MULTILINE)


@frozen
class Objection:
    """Something to mend: where, what, and what to do. `grave` ones keep a case from being told as it was meant."""

    where: str
    sentence: str
    hint: str = ""
    grave: bool = True


def narration_words(step: Step) -> int:
    """Return how many words a step's narration has, without a heading; a number with its unit counts as two."""
    return len(_MARKS.sub("", _HEADING.sub("", step.narration)).split())


def objections_to_words(loaded: LoadedCase) -> list[Objection]:
    """Return what is wrong with what a case says."""
    case = loaded.case
    volumes = [loaded.volume, *([loaded.prior.volume] if loaded.prior is not None else [])]
    names = frozenset[str]()
    if not loaded.volume.series.synthetic:
        names = identity_words(*(volume.series.identity for volume in volumes))
    found = []
    for where, text in (("Title", case.title), ("Summary", case.summary)):
        if names_patient_in_prose(text, names):
            found.append(Objection(where, "It names the patient.", "Take the name or number out of it."))
    if len(case.summary) > LONGEST_SUMMARY:
        hint = f"Shorten it to {LONGEST_SUMMARY} characters: a card shows one line."
        found.append(Objection("Summary", f"It has {len(case.summary)} characters.", hint, grave=False))
    if any(volume.may_name for volume in volumes):
        hint = "Make the case anew from the series: the images are looked at then, and said to name nobody."
        found.append(Objection("Pictures", "Words may be burned into them, so the stage covers them.", hint))
    if not case.steps:
        found.append(Objection("Steps", "There is none yet.", "Capture one."))
    for number, step in enumerate(case.steps, start=1):
        found += _objections_to(step, f"Step {number}", names)
    return found


def _objections_to(step: Step, where: str, names: frozenset[str]) -> list[Objection]:
    found = []
    count = narration_words(step)
    if count > MOST_WORDS:
        hint = f"An audience reads {MOST_WORDS} at most; move the rest to the notes."
        found.append(Objection(where, f"Its narration has {count} words.", hint, grave=False))
    if len(step.title) > LONGEST_TITLE:
        hint = f"Shorten it to {LONGEST_TITLE}: it stands large on the card."
        found.append(Objection(where, f"Its title has {len(step.title)} characters.", hint, grave=False))
    asked = step.question.text if step.question is not None else ""
    said = f"{step.title} {step.narration} {step.notes} {asked}"
    if names_patient_in_prose(said, names):
        found.append(Objection(where, "It names the patient.", "Take the name or number out of it."))
    if plain_text(said) != said:
        found.append(Objection(where, "It holds marks that are not seen and turn reading around.", "Type it anew."))
    if not step.narration.strip() and not asked:
        hint = "Say in a sentence what is to be seen."
        found.append(Objection(where, "It tells nothing.", hint, grave=False))
    return found


def objections_to_findings(loaded: LoadedCase) -> list[Objection]:
    """Return the steps that point at what is not there, or that show nothing of what they point at."""
    findings = {f.id: f for f in loaded.findings}
    truth = {f.id: f for f in loaded.lesions}
    for result in loaded.results:
        findings.update({f.id: f for f in result.findings})
    found = []
    for number, step in enumerate(loaded.case.steps, start=1):
        where, wanted, view = f"Step {number}", step.view.selected_finding, step.view
        if loaded.volume.grid.nearest_ijk(view.cursor_lps_mm) is None:
            found.append(Objection(where, "It looks at a place outside of the pictures.", "Set its view anew."))
        for key, name, known in (("preset_3d", view.preset_3d, PRESETS_3D), ("colours", view.colours, COLOUR_MAPS)):
            if name not in known:
                sentence = f"Its “{key}” is “{name}”, which there is not; “{next(iter(known))}” is shown."
                found.append(Objection(where, sentence, f"There are: {', '.join(known)}."))
        if not wanted:
            continue
        if wanted not in findings and wanted not in truth:
            found.append(Objection(where, "It points at a finding that the case does not have.", "Set its view anew."))
        elif view.overlay is OverlayMode.OFF:
            hint = "Show findings in this step, or pick none."
            found.append(Objection(where, "It points at a finding and shows none.", hint, grave=False))
        elif (score := findings[wanted].score if wanted in findings else None) is not None and score < view.threshold:
            sentence = f"It points at a finding of score {score:.2f}, below its threshold of {view.threshold:.2f}."
            found.append(Objection(where, sentence, "Lower the threshold of the step.", grave=False))
    return found
