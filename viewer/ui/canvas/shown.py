"""What the canvas paints, as one value: the volume, the view, and which findings are drawn how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

from viewer.domain.finding import Finding, Matching, SourceKind
from viewer.domain.measurement import Measurement
from viewer.domain.overlays import Label, Overlays, ValueMap
from viewer.domain.patches import Patches
from viewer.domain.reading_direction import isolated
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Comparison, OverlayMode, ViewState
from viewer.domain.volume import Volume
from viewer.ui.marks import Mark, mark_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psygnal import SignalInstance

    from viewer.domain.decision import Decision

_NO_OVERLAYS = Overlays()


@define(frozen=True, eq=False)
class Drawn:
    """A finding as it is drawn; `second` where it is that of the second of two models that are compared."""

    finding: Finding
    mark: Mark
    selected: bool
    second: bool = False


@define(frozen=True, eq=False)
class DrawnMeasurement:
    """A measurement as it is drawn; `unfinished` while it is being drawn: an outline is not closed yet.

    `hovered` is which of its handles a press would take, under the pointer or held.
    """

    measurement: Measurement
    in_hand: bool
    unfinished: bool = False
    hovered: int | None = None


@define(frozen=True)
class CurtainPart:
    """What is seen of a plane's tile on one side of a curtain, in pixels from the tile's corner.

    Attributes
    ----------
    curtain_px, knob_px
        How far to the right the curtain hangs, and how far down its knob is.
    """

    left_px: float
    right_px: float
    curtain_px: float
    knob_px: float


@define(frozen=True, eq=False)
class Shown:
    """Everything that the painting code looks at.

    Attributes
    ----------
    drawn
        Findings and true lesions, the selected one last, so that it lies on top.
    title
        The case's title, or "".
    called
        What its case calls the volume beside the one that it is compared with, or "".
    patient
        The patient in words; "" where identity is masked.
    measured
        Measurements, the last one on top.
    labels
        Labels of a segmentation, the largest first, so that small ones lie on top; empty while the overlay is off.
    value_map
        The map that lies over the images; None while it or the overlay is off.
    masked
        True where neither name nor face may be seen.
    drawing_path
        True while a path is being drawn: it is shown from its first point on.
    veiled
        True where nothing may point at what is looked for.
    drawn_3d
        What the 3D picture shows where that is not what the view asks for, with the reason.
    patches
        What a model that is running looks at, and how far it is; None while none runs.
    two_models
        The names of the two models that are drawn on one picture; None while there is one, or a curtain between them.
    part
        The side of a curtain that it is seen on; None where all of a tile shows it.
    zoom_of
        The volume whose fitted view is called zoom 1.0: of two side by side the first, so that one figure means one
        scale. None for its own.
    beyond
        The volume that a curtain uncovers over a part of the tile; the corners tell what is true of both. None for one.
    window_of
        What the side is called whose window the corner tells; "" where all that is seen has that window.
    """

    volume: Volume
    view: ViewState
    drawn: tuple[Drawn, ...] = ()
    title: str = ""
    called: str = ""
    patient: str = ""
    measured: tuple[DrawnMeasurement, ...] = ()
    masked: bool = True
    drawn_3d: str = ""
    drawing_path: bool = False
    labels: tuple[Label, ...] = ()
    value_map: ValueMap | None = None
    veiled: bool = False
    patches: Patches | None = None
    two_models: tuple[str, str] | None = None
    part: CurtainPart | None = None
    zoom_of: Volume | None = None
    beyond: Volume | None = None
    window_of: str = ""

    @property
    def covered(self) -> bool:
        """True where the images are not to be seen, because they may name their patient."""
        return self.masked and self.volume.may_name


def shown_from(
    volume: Volume,
    view: ViewState,
    *,
    findings: tuple[Finding, ...] = (),
    truth: tuple[Finding, ...] = (),
    decisions: Mapping[str, Decision] | None = None,
    matching: Matching | None = None,
    inspecting: bool = False,
    masked: bool = True,
    title: str = "",
    called: str = "",
    overlays: Overlays = _NO_OVERLAYS,
    veiled: bool = False,
    patches: Patches | None = None,
    second: tuple[Finding, ...] | None = None,
    two_models: tuple[str, str] | None = None,
    is_second: bool = False,
) -> Shown:
    """Return what is painted for a view.

    Parameters
    ----------
    findings
        Those above the threshold, best first.
    inspecting
        True in Inspect: states come from the match, and missed lesions are always drawn.
    masked
        True where patient identity must not be drawn.
    veiled
        True while an audience is asked where something is: no crosshair, which would point there.
    second
        Findings of a second model that are drawn on the same picture; None where there are none to compare with. Which
        of the two says something is all that counts then.
    two_models
        What the two are called.
    is_second
        True where `findings` are those of the second of two models.
    """
    if second is not None:
        matching, decisions = None, {}
    against = matching is not None and (inspecting or view.show_truth)
    drawn: list[Drawn] = []
    if view.overlay is not OverlayMode.OFF:
        for finding in (*truth, *findings):
            mark = mark_of(finding, decisions or {}, matching, against_truth=against)
            wanted = against if mark is Mark.MISSED else view.show_truth
            if finding.source.kind is SourceKind.TRUTH and not wanted and finding.id != view.selected_finding:
                continue
            of_second = is_second and finding.source.kind is SourceKind.MODEL
            drawn.append(Drawn(finding, mark, finding.id == view.selected_finding, of_second))
        for finding in second or ():
            drawn.append(Drawn(finding, Mark.TO_DECIDE, finding.id == view.selected_finding, second=True))
    drawn.sort(key=lambda d: d.selected)
    who = "" if masked else _patient_words(volume, bool(title))
    over = view.overlay is not OverlayMode.OFF
    return Shown(
        volume,
        view,
        tuple(drawn),
        title,
        called,
        who,
        masked=masked,
        labels=drawn_labels(overlays, view) if over else (),
        value_map=overlays.value_map if over and view.map_look.shown else None,
        veiled=veiled,
        patches=patches if over else None,
        two_models=two_models if over and second is not None else None,
    )


def drawn_labels(overlays: Overlays, view: ViewState) -> tuple[Label, ...]:
    """Return the labels that are not hidden, the largest box first."""
    hidden = frozenset(view.hidden_labels)
    wanted = (label for label in overlays.labels if label.key not in hidden)
    return tuple(sorted(wanted, key=lambda label: -label.mask.voxels.size))


def looked_at(session: Session) -> tuple[SignalInstance, ...]:
    """Return the signals of all that is painted of a session, but its volume."""
    return (
        session.view_changed,
        session.findings_changed,
        session.truth_changed,
        session.matching_changed,
        session.decisions_changed,
        session.masked_changed,
        session.case_changed,
        session.workspace_changed,
        session.measurements_changed,
        session.measurement_in_hand_changed,
        session.overlays_changed,
        session.veiled_changed,
        session.measured_on_stage_changed,
        session.awaited_changed,
        session.results_changed,
    )


def shown_in(session: Session) -> Shown | None:
    """Return what is painted for the session, or None where nothing is open."""
    if session.volume is None or session.view is None:
        return None
    view, said = session.view, None if session.veiled else session.second
    apart = view.comparison is Comparison.DIFFERENCE and said is not None and not session.is_second
    return shown_from(
        session.volume,
        view,
        findings=_on_stage(session) if session.workspace is Workspace.PRESENT else session.shown_findings,
        truth=() if session.veiled else session.lesions,
        decisions=session.decisions,
        matching=session.matching,
        inspecting=session.workspace is Workspace.INSPECT,
        masked=session.masked,
        title=session.case.title if session.case else "",
        called=session.case.prior.own_title if session.case is not None and session.case.prior is not None else "",
        overlays=_NO_OVERLAYS if session.veiled else session.overlays,
        veiled=session.veiled,
        patches=session.patches,
        second=said.shown if apart and said is not None else None,
        two_models=(session.results[view.models[0]].name, said.name) if apart and said and view.models else None,
        is_second=session.is_second and said is not None,
    )


def _patient_words(volume: Volume, has_title: bool) -> str:
    identity = volume.series.identity
    if volume.series.synthetic and has_title:
        return ""
    name = ", ".join(part for part in identity.name.partition("=")[0].split("^") if part.strip())
    # Many archives give both the same words.
    return " · ".join(dict.fromkeys(isolated(part) for part in (name, identity.patient_id) if part))


def _on_stage(session: Session) -> tuple[Finding, ...]:
    """Return the findings that a story is told with: without marks that were set on its series on this computer.

    A story is told alike on every one. What is in hand is seen all the same.
    """
    told = {mark.id for mark in session.carried} | {session.view.selected_finding if session.view else None}
    return tuple(f for f in session.shown_findings if f.source.kind is not SourceKind.READER or f.id in told)
