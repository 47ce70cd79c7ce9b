"""DICOM SR TID 1500: what was measured of each finding, and what the reader said of it; see `sr_reading` for reading.

PS3.16 TID 1500, 1410 and 1411. One measurement group for each finding, tied to its segment by tracking UID, and one for
each measurement of the reader (`sr_measured`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import StorageError
from viewer.domain.finding import Finding, SourceKind
from viewer.domain.identifiers import new_uid, uid_from
from viewer.io.atomic_file import replacing
from viewer.io.program import NAME, NOT_FOR_DIAGNOSTIC_USE, program_version
from viewer.io.pydicom_headers import dicom_faults
from viewer.io.seg import description, not_made, person, touched_slices
from viewer.io.source_headers import refuse_one_uid_for_several, source_headers, without_complaints
from viewer.io.sr_measured import measured_groups, slice_of
from viewer.io.sr_reading import SrFinding, SrReport, read_sr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydicom.dataset import Dataset

    from viewer.domain.decision import Decision
    from viewer.domain.measured import Measured
    from viewer.domain.volume import Volume

__all__ = ["SrFinding", "SrReport", "read_sr", "write_sr"]


def write_sr(
    path: Path,
    volume: Volume,
    findings: Sequence[Finding],
    decisions: Mapping[str, Decision],
    seg_path: Path | None,
    reader: str,
    *,
    measured: Sequence[Measured] = (),
) -> None:
    """Write a report of findings, decisions and measurements.

    Parameters
    ----------
    path
        File to write; replaced as a whole.
    volume
        What the findings lie on, read from DICOM. Where its geometry is untrusted, lengths and volumes are left out;
        where values are not HU, mean and deviation are.
    findings
        In the order of the report. One with a mask refers to its segment, one without is a point in the patient.
    decisions
        By finding id.
    seg_path
        The SEG that `write_seg` wrote from these findings; None where none has a mask.
    reader
        Who reports; "" where nobody did yet.
    measured
        What the reader measured, with the values of regions; words that were written on images are in it too, as the
        report keeps the patient's name as well. Left out where the geometry is untrusted.

    Raises
    ------
    StorageError
        When there is nothing to report, the source files are gone, or writing fails.
    """
    from pydicom import dcmread

    measured = measured if volume.measurable else ()
    if not findings and not measured:
        raise StorageError("There is no finding and no measurement, so there is nothing to report.")
    try:
        with without_complaints():
            segmentation = None if seg_path is None else dcmread(seg_path, stop_before_pixels=True)
    except dicom_faults() as error:
        raise StorageError("The segmentation that the report refers to is not there.", detail=repr(error)) from error
    evidence: list[Dataset] = source_headers(volume, _looked_at(findings, measured, volume))
    if segmentation is not None:
        evidence = [*evidence, segmentation]
    with without_complaints():
        try:
            refuse_one_uid_for_several(volume)
            dataset = _report(volume, findings, decisions, measured, segmentation, evidence, reader)
        except (AttributeError, TypeError, ValueError, LookupError) as error:
            raise not_made("The report", error) from error
        with replacing(path, "The report") as waiting:
            dataset.save_as(waiting, enforce_file_format=True)


def _report(
    volume: Volume,
    findings: Sequence[Finding],
    decisions: Mapping[str, Decision],
    measured: Sequence[Measured],
    segmentation: Dataset | None,
    evidence: list[Dataset],
    reader: str,
) -> Dataset:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    root = sr.MeasurementReport(
        observation_context=_observers(reader),
        procedure_reported=codes.CT,
        imaging_measurements=[
            *(_group(f, decisions.get(f.id), volume, segmentation, evidence[0], reader) for f in findings),
            *measured_groups(measured, volume, str(evidence[0].FrameOfReferenceUID)),
        ],
        title=codes.REPORT,
    )
    contains = sr.RelationshipTypeValues.CONTAINS
    root[0].ContentSequence.append(
        sr.TextContentItem(codes.COMMENT, f"{NOT_FOR_DIAGNOSTIC_USE}.", relationship_type=contains)
    )
    if volume.series.synthetic:
        root[0].ContentSequence.append(
            sr.TextContentItem(codes.COMMENT, "The images are synthetic.", relationship_type=contains)
        )
    dataset = sr.Comprehensive3DSR(
        evidence=evidence,
        content=root,
        series_instance_uid=new_uid(),
        series_number=9902,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=NAME,
        is_complete=all(f.id in decisions for f in findings),
        is_final=False,
        is_verified=False,
        manufacturer_model_name=NAME,
        software_versions=program_version(),
        device_serial_number="none",
        series_description=description("CaseStage review", volume),
        specific_character_set="ISO_IR 192",
    )
    if volume.series.synthetic:
        # (0008,001C) Synthetic Data
        dataset.add_new(0x0008001C, "CS", "YES")
    return dataset


def _looked_at(findings: Sequence[Finding], measured: Sequence[Measured], volume: Volume) -> list[int]:
    slices = set(touched_slices([f.mask for f in findings if f.mask is not None]))
    for finding in findings:
        at = volume.stack.nearest_ijk(finding.centre_lps_mm) if finding.mask is None else None
        if at is not None:
            slices.add(at[2])
    slices |= {k for one in measured if (k := slice_of(one.measurement, volume)) is not None}
    return sorted(slices) or [0]


def _observers(reader: str) -> Any:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    device = sr.ObserverContext(
        observer_type=sr.CodedConcept.from_code(codes.DEVICE),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=uid_from(f"{NAME} {program_version()}"), name=NAME, manufacturer_name=NAME, model_name=NAME
        ),
    )
    if not person(reader):
        return sr.ObservationContext(observer_device_context=device)
    reading = sr.ObserverContext(
        observer_type=sr.CodedConcept.from_code(codes.PERSON),
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=person(reader)),
    )
    return sr.ObservationContext(observer_person_context=reading, observer_device_context=device)


def _group(
    finding: Finding,
    decision: Decision | None,
    volume: Volume,
    segmentation: Dataset | None,
    source: Dataset,
    reader: str,
) -> Any:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    category, kind = codes.category_and_type(finding)
    shared: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid=finding.tracking_uid, identifier=finding.id),
        "finding_type": kind,
        "finding_category": category,
        "measurements": _measurements(finding, volume),
        "qualitative_evaluations": _evaluations(finding, decision),
    }
    origin = finding.source
    if origin.kind is not SourceKind.READER:
        shared["algorithm_id"] = sr.AlgorithmIdentification(
            name=origin.name or "unnamed", version=origin.version or "unknown"
        )
    if finding.mask is None:
        region = sr.ImageRegion3D(
            graphic_type=sr.GraphicTypeValues3D.POINT,
            graphic_data=np.asarray(finding.centre_lps_mm, dtype=np.float64).reshape(1, 3),
            frame_of_reference_uid=str(source.FrameOfReferenceUID),
        )
        group: Any = sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **shared)
    else:
        group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            referenced_segment=_segment(finding, segmentation), **shared
        )
    texts = [finding.label] + ([decision.comment] if decision is not None and decision.comment else [])
    for name, text in zip((codes.LABEL, codes.COMMENT), texts, strict=False):
        item = sr.TextContentItem(name, text, relationship_type=sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    if decision is not None and decision.reader != reader and person(decision.reader):
        context = sr.RelationshipTypeValues.HAS_OBS_CONTEXT
        decided_by = sr.PnameContentItem(codes.OBSERVER, person(decision.reader), relationship_type=context)
        group[0].ContentSequence.append(decided_by)
    return group


def _segment(finding: Finding, segmentation: Dataset | None) -> Any:
    from highdicom import sr

    if segmentation is not None:
        for item in segmentation.SegmentSequence:
            if item.get("TrackingUID") == finding.tracking_uid:
                return sr.ReferencedSegment.from_segmentation(segmentation, int(item.SegmentNumber))
    raise ValueError(f"the segmentation does not hold {finding.tracking_uid}")


def _measurements(finding: Finding, volume: Volume) -> list[Any]:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    found = []
    if volume.measurable and finding.volume_ml is not None:
        found.append(sr.Measurement(codes.VOLUME, finding.volume_ml, codes.MILLILITRES))
    if volume.measurable and finding.long_axis_mm is not None:
        found.append(sr.Measurement(codes.LONG_AXIS, finding.long_axis_mm, codes.MILLIMETRES))
    if volume.measurable and finding.short_axis_mm is not None:
        found.append(sr.Measurement(codes.SHORT_AXIS, finding.short_axis_mm, codes.MILLIMETRES))
    if volume.is_hu and finding.mean is not None:
        found.append(sr.Measurement(codes.ATTENUATION, finding.mean, codes.HOUNSFIELD, derivation=codes.MEAN))
    if volume.is_hu and finding.sd is not None:
        found.append(sr.Measurement(codes.ATTENUATION, finding.sd, codes.HOUNSFIELD, derivation=codes.DEVIATION))
    if finding.score is not None:
        found.append(sr.Measurement(codes.SCORE, finding.score, codes.NO_UNITS))
    return found


def _evaluations(finding: Finding, decision: Decision | None) -> list[Any]:
    from highdicom import sr

    from viewer.io import dicom_codes as codes

    origin = {
        SourceKind.MODEL: codes.BY_MODEL,
        SourceKind.READER: codes.BY_READER,
        SourceKind.TRUTH: codes.BY_TRUTH,
    }[finding.source.kind]
    found = [sr.QualitativeEvaluation(codes.FOUND_BY, origin)]
    if decision is not None and decision.answer is not None:
        found.append(sr.QualitativeEvaluation(codes.DECISION, codes.ANSWERS[decision.answer]))
    return found
