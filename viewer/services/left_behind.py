"""What is said of a case where it is left behind: its words without a patient, where it comes from, and the model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import CaseStageError
from viewer.domain.finding import Source, SourceKind, Truth
from viewer.domain.geometry import Verdict
from viewer.domain.masking import MASKED, identity_words, names_patient_in_prose
from viewer.domain.narration_pictures import DESCRIPTION, apart_from_pictures
from viewer.domain.plain_text import plain_text
from viewer.inference.installed import installed_models
from viewer.inference.manifest import Manifest, card
from viewer.io.findings_file import model_named
from viewer.io.program import NAME, program_version
from viewer.services.loading import LoadedCase, LoadedPrior

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.finding import Finding
    from viewer.domain.model_card import ModelCard
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Step

NOT_FOR_DIAGNOSIS = "Not for diagnostic use"
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@frozen(eq=False)
class LeftBehind:
    """A case as it leaves: everything that it says is free of identity, of links and of pictures from elsewhere.

    Attributes
    ----------
    loaded
        The case with its volume; its titles and narrations are clean, pictures in them are the case's own, notes are
        gone.
    banner
        "Synthetic · Not for diagnostic use", or for real data "Not for diagnostic use".
    origin
        Where the pictures come from, in one line.
    facts
        What a last page tells of case and program, as (name, words).
    model_facts
        What it tells of the model that made the recorded findings; empty where there is none.
    """

    loaded: LoadedCase
    banner: str
    origin: str
    facts: tuple[tuple[str, str], ...]
    model_facts: tuple[tuple[str, str], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps."""
        return self.loaded.case.steps

    @property
    def title(self) -> str:
        """The case's title."""
        return self.loaded.case.title


def left_behind(loaded: LoadedCase, model_folders: Iterable[Path] = ()) -> LeftBehind:
    """Return a case as it leaves."""
    case, volume = loaded.case, loaded.volume
    volumes = [volume, *([loaded.prior.volume] if loaded.prior is not None else [])]
    names = frozenset() if volume.series.synthetic else identity_words(*(v.series.identity for v in volumes))

    def clean(text: str) -> str:
        said = _LINK.sub(r"\1", plain_text(text)).strip()
        return MASKED if names_patient_in_prose(said, names) else said

    def narrated(text: str) -> str:
        if names_patient_in_prose(text, names):
            return MASKED
        parts = ((_LINK.sub(r"\1", plain_text(words)), name) for words, name in apart_from_pictures(text))
        return "".join(words + (f"![{DESCRIPTION}]({name})" if name else "") for words, name in parts).strip()

    steps = tuple(
        evolve(
            step,
            title=clean(step.title),
            narration=narrated(step.narration),
            notes="",
            question=evolve(step.question, text=clean(step.question.text)) if step.question is not None else None,
        )
        for step in case.steps
    )
    provenance = evolve(
        case.provenance,
        made_by=clean(case.provenance.made_by),
        licence=clean(case.provenance.licence),
        recipe=clean(case.provenance.recipe),
    )
    told = evolve(case, title=clean(case.title), summary=clean(case.summary), steps=steps, provenance=provenance)

    def named(part: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(evolve(f, label=clean(f.label)) for f in part)

    findings = named(loaded.findings)
    truth = Truth(named(loaded.truth.lesions)) if loaded.truth is not None else None
    results = tuple(evolve(r, name=clean(r.name), findings=named(r.findings)) for r in loaded.results)
    prior = loaded.prior
    if prior is not None:
        prior = evolve(
            prior, title=clean(prior.title), own_title=clean(prior.own_title), findings=named(prior.findings)
        )
    synthetic = case.provenance.synthetic or volume.series.synthetic
    banner = f"Synthetic · {NOT_FOR_DIAGNOSIS}" if synthetic else NOT_FOR_DIAGNOSIS
    kind = "Synthetic CT" if synthetic else "CT, de-identified by profile"
    recorded = "findings recorded" if any(f.recorded for f in findings) else ""
    model = _card(case.model_id, model_folders)
    source = next((f.source for f in findings if f.source.kind is SourceKind.MODEL), None)
    if source is None and loaded.anything_said:
        source = _said_nothing(loaded, model)
    facts = [
        ("Pictures", provenance.recipe or kind),
        ("Size", _size(volume)),
        ("Geometry", _geometry(volume)),
        ("Compression", "Lossy: details differ from the scanner's images" if volume.series.lossy else ""),
        ("Case made by", provenance.made_by),
        ("Licence", provenance.licence),
        ("Values of the CT", f"SHA-256 {case.series_sha256[:16]}…" if case.series_sha256 else ""),
        ("Compared with", _beside(prior, case.prior.series_sha256) if prior and case.prior else ""),
        ("Findings", _said_of_findings(findings, truth, steps, said=loaded.anything_said)),
        ("Models compared", ", ".join(f"{r.name} at {r.threshold:.2f}, recorded" for r in results)),
        ("This copy", f"{NAME} {program_version()}"),
    ]
    return LeftBehind(
        evolve(loaded, case=told, findings=findings, truth=truth, results=results, prior=prior),
        banner,
        # Without the recipe, which may tell what the story asks the audience to find.
        " · ".join(part for part in (kind, recorded, provenance.licence, f"{NAME} {program_version()}") if part),
        tuple((name, words) for name, words in facts if words),
        _model_facts(source, model),
    )


def _size(volume: Volume) -> str:
    stack = volume.stack
    return f"{stack.size_ij[0]} × {stack.size_ij[1]} × {stack.count} voxels"


def _beside(prior: LoadedPrior, sha256: str) -> str:
    """Return what is known of the scan that a case compares its own with."""
    geometry = _geometry(prior.volume)
    said = [
        _size(prior.volume),
        "lossy" if prior.volume.series.lossy else "",
        f"SHA-256 {sha256[:16]}…" if sha256 else "",
    ]
    return f"“{prior.title}”: {', '.join(part for part in said if part)}{f'. {geometry}' if geometry else ''}"


def _geometry(volume: Volume) -> str:
    """Return what was said of where the images lie, where it is not simply in order."""
    if volume.verdict is Verdict.OK:
        return ""
    words = {Verdict.RESAMPLED: "Resampled", Verdict.UNTRUSTED: "Not trusted, so nothing is measured"}
    return " ".join([f"{words[volume.verdict]}.", *volume.reasons])


def _said_of_findings(
    findings: tuple[Finding, ...], truth: Truth | None, steps: tuple[Step, ...], *, said: bool
) -> str:
    """Return how many findings there are, those apart that no step shows because their score is too low."""
    parts = []
    if findings:
        kind = "as marked"
        if any(f.recorded for f in findings):
            kind = "recorded when the case was made, not computed anew"
        elif all(f.source.kind is SourceKind.TRUTH for f in findings):
            kind = "the ground truth; no model ran"
        least = min((step.view.threshold for step in steps), default=0.0)
        below = sum(1 for f in findings if f.score is not None and f.score < least)
        count = str(len(findings) - below or "none")
        if below:
            count += f" at the threshold of {least:.2f} and {below} below it"
        parts.append(f"{count}, {kind}")
    elif said:
        parts.append("none, recorded when the case was made, not computed anew")
    if truth is not None:
        known = f"{len(truth.lesions)} known as ground truth" if truth.lesions else "the ground truth holds none"
        parts.append(known)
    return "; ".join(parts)


def _said_nothing(loaded: LoadedCase, known: ModelCard | None) -> Source | None:
    """Return the model whose record of a case holds no finding; None where a reader alone has said something."""
    case = loaded.case
    if not case.findings_path:
        return None
    try:
        model = model_named(Path(case.folder) / case.findings_path)
    except CaseStageError:
        return None
    return evolve(model, name=known.name) if model is not None and known is not None else model


def _card(model_id: str, folders: Iterable[Path]) -> ModelCard | None:
    if not model_id:
        return None
    cards = (card(model) for model in installed_models(folders) if isinstance(model, Manifest))
    return next((found for found in cards if found.id == model_id), None)


def _model_facts(source: Source | None, known: ModelCard | None) -> tuple[tuple[str, str], ...]:
    if source is None:
        return ()
    said = [("Model", f"{source.name} {source.version}".strip() + (", fixed rules" if source.rules else ""))]
    same = known is not None and known.sha256 == source.model_sha256
    if known is not None:
        said += [
            ("Intended use", known.intended_use),
            ("Trained on", known.trained_on),
            ("Limitations", known.limitations),
            ("Licence of the model", known.licence),
            *known.metrics,
        ]
        if source.model_sha256 and not same:
            said.append(("Note", "The model installed here is another version than the one that made these findings."))
    if source.model_sha256:
        said.append(("File of the model", f"SHA-256 {source.model_sha256[:16]}…"))
    return tuple((name, plain_text(words)) for name, words in said if words)
