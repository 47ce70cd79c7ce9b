"""The allow-list: which attributes of a CT stay when it is de-identified, and within what bounds.

What is not listed goes, at every level of nesting: names, dates of birth, places, comments, private tags, overlays and
curves need no list of their own. What is listed stays only where its value is of the kind that belongs there, so that
no name hides in a number's or a code's place. DICOM PS3.3 A.3, A.38, C.8.2.1, C.8.15 and PS3.15 annex E.
"""

from __future__ import annotations

_ANY_MM = (-1e5, 1e5)
_LENGTH_MM = (0.0, 1e5)
_STORED = (-70_000, 70_000)
_COUNT = (0, 100_000)
_SHARE = (0.0, 1000.0)

# Numbers, with the least and the largest that is believed.
NUMBERS: dict[str, tuple[float, float]] = {
    # The pixels
    "SamplesPerPixel": (1, 1),
    "Rows": (1, 65_535),
    "Columns": (1, 65_535),
    "NumberOfFrames": (1, 20_000),
    "BitsAllocated": (8, 32),
    "BitsStored": (1, 32),
    "HighBit": (0, 31),
    "PixelRepresentation": (0, 1),
    "PlanarConfiguration": (0, 1),
    "PixelPaddingValue": _STORED,
    "PixelPaddingRangeLimit": _STORED,
    "SmallestImagePixelValue": _STORED,
    "LargestImagePixelValue": _STORED,
    "RescaleIntercept": (-1e5, 1e5),
    "RescaleSlope": (-1e5, 1e5),
    "WindowCenter": (-1e5, 1e5),
    "WindowWidth": (0.0, 1e6),
    "LossyImageCompressionRatio": _SHARE,
    # Where they lie
    "ImagePositionPatient": _ANY_MM,
    "ImageOrientationPatient": (-1.001, 1.001),
    "PixelSpacing": (1e-5, 1e4),
    "SliceThickness": _LENGTH_MM,
    "SpacingBetweenSlices": (-1e4, 1e4),
    "SliceLocation": _ANY_MM,
    "GantryDetectorTilt": (-360.0, 360.0),
    "TableHeight": (-1e4, 1e4),
    "TablePosition": (-1e4, 1e4),
    "ReconstructionDiameter": (0.0, 1e4),
    "DataCollectionDiameter": (0.0, 1e4),
    "ReconstructionTargetCenterPatient": _ANY_MM,
    "DataCollectionCenterPatient": _ANY_MM,
    "ReconstructionFieldOfView": (0.0, 1e4),
    "ReconstructionPixelSpacing": (1e-5, 1e4),
    "ReconstructionAngle": (-3600.0, 3600.0),
    # How they were taken
    "KVP": (0.0, 1000.0),
    "XRayTubeCurrent": (0.0, 10_000),
    "XRayTubeCurrentInmA": (0.0, 10_000),
    "XRayTubeCurrentInuA": (0.0, 1e7),
    "ExposureTime": (0.0, 1e6),
    "ExposureTimeInms": (0.0, 1e6),
    "Exposure": (0.0, 1e5),
    "ExposureInmAs": (0.0, 1e5),
    "ExposureInuAs": (0.0, 1e7),
    "GeneratorPower": (0.0, 1000.0),
    "FocalSpots": (0.0, 20.0),
    "DistanceSourceToDetector": (0.0, 5000.0),
    "DistanceSourceToPatient": (0.0, 5000.0),
    "DistanceSourceToDataCollectionCenter": (0.0, 5000.0),
    "SingleCollimationWidth": (0.0, 1000.0),
    "TotalCollimationWidth": (0.0, 1000.0),
    "TableSpeed": (0.0, 2000.0),
    "TableFeedPerRotation": (0.0, 2000.0),
    "SpiralPitchFactor": (0.0, 50.0),
    "RevolutionTime": (0.0, 1000.0),
    "CTDIvol": (0.0, 10_000.0),
    "TriggerTime": (0.0, 1e6),
    "NominalPercentageOfCardiacPhase": (0.0, 100.0),
    "NominalCardiacTriggerDelayTime": (-1e6, 1e6),
    "NominalPercentageOfRespiratoryPhase": (0.0, 100.0),
    # Which of several
    "SeriesNumber": (0, 99_999),
    "AcquisitionNumber": (0, 99_999),
    "ImagesInAcquisition": _COUNT,
    "TemporalPositionIdentifier": _COUNT,
    "NumberOfTemporalPositions": _COUNT,
    "TemporalPositionIndex": _COUNT,
    "InStackPositionNumber": _COUNT,
    "FrameAcquisitionNumber": _COUNT,
    "FrameAcquisitionDuration": (0.0, 1e7),
    "DimensionIndexValues": _COUNT,
}

_YES_NO = frozenset({"YES", "NO"})
_IMAGE_TYPES = frozenset(
    "ORIGINAL DERIVED MIXED PRIMARY SECONDARY AXIAL LOCALIZER MPR MIP MINIP REFORMATTED RESAMPLED VOLUME NONE "
    "PROJECTION AVERAGE MEAN MAX_IP MIN_IP ADDITION MULTIPLICATION SUBTRACTION FILTERED "
    "CT_SOM5 SPI SEQ HELIX OTHER REFORMATTED_AVERAGE".split()
)

# Codes, with all that may stand there.
CODES: dict[str, frozenset[str]] = {
    "Modality": frozenset({"CT"}),
    "ImageType": _IMAGE_TYPES,
    "FrameType": _IMAGE_TYPES,
    "SyntheticData": _YES_NO,
    "BurnedInAnnotation": _YES_NO,
    "RecognizableVisualFeatures": _YES_NO,
    "PhotometricInterpretation": frozenset({"MONOCHROME1", "MONOCHROME2"}),
    "PatientPosition": frozenset("HFS HFP HFDR HFDL FFS FFP FFDR FFDL LFP LFS RFP RFS AFDR AFDL PFDR PFDL".split()),
    "RescaleType": frozenset("HU US HU_MOD OD MGML Z_EFF ED EDW PCT".split()),
    "VOILUTFunction": frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"}),
    "PresentationLUTShape": frozenset({"IDENTITY", "INVERSE"}),
    "LossyImageCompression": frozenset({"00", "01"}),
    "LossyImageCompressionMethod": frozenset(
        {"ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_15444_15", "ISO_13818_2", "ISO_14496_10", "ISO_23008_2"}
    ),
    "BodyPartExamined": frozenset(
        "HEAD HEADNECK NECK BRAIN SKULL FACE JAW SINUS PARANASALSINUS ORBIT EAR IAC CHEST THORAX LUNG HEART AORTA "
        "CORONARYARTERY BREAST ABDOMEN ABDOMENPELVIS ABDPELVIS PELVIS CHESTABDOMEN CHESTABDPELVIS NECKCHEST "
        "NECKCHESTABDOMEN NECKCHESTABDPELV LIVER KIDNEY PANCREAS SPLEEN COLON BLADDER SPINE CSPINE TSPINE LSPINE "
        "SSPINE TLSPINE LSSPINE HIP KNEE ANKLE FOOT LEG THIGH CALF SHOULDER ARM ELBOW FOREARM WRIST HAND FINGER TOE "
        "EXTREMITY WHOLEBODY PHANTOM".split()
    ),
    "Laterality": frozenset({"R", "L"}),
    "ImageLaterality": frozenset({"R", "L", "U", "B"}),
    "FrameLaterality": frozenset({"R", "L", "U", "B"}),
    "RotationDirection": frozenset({"CW", "CC"}),
    "AcquisitionType": frozenset("SEQUENCED SPIRAL CONSTANT_ANGLE STATIONARY FREE CONE_BEAM".split()),
    "ReconstructionAlgorithm": frozenset({"FILTER_BACK_PROJ", "ITERATIVE"}),
    "PixelPresentation": frozenset({"MONOCHROME", "COLOR", "MIXED"}),
    "VolumetricProperties": frozenset({"VOLUME", "SAMPLED", "DISTORTED", "MIXED"}),
    "VolumeBasedCalculationTechnique": frozenset(
        "NONE MAX_IP MIN_IP VOLUME_RENDER SURFACE_RENDER MPR CURVED_MPR".split()
    ),
    "ContentQualification": frozenset({"PRODUCT", "RESEARCH", "SERVICE"}),
    "DimensionOrganizationType": frozenset({"3D", "3D_TEMPORAL", "TILED_FULL", "TILED_SPARSE"}),
    "CardiacCyclePosition": frozenset("END_SYSTOLE END_DIASTOLE UNDETERMINED".split()),
    "RespiratoryCyclePosition": frozenset("START_RESPIR END_RESPIR UNDETERMINED".split()),
}

# Identifiers that are made anew.
UIDS = frozenset(
    {
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "FrameOfReferenceUID",
        "SynchronizationFrameOfReferenceUID",
        "DimensionOrganizationUID",
        "ConcatenationUID",
    }
)

# Attributes named by a tag: kept where the tag is one that is kept.
POINTERS = frozenset({"DimensionIndexPointer", "FunctionalGroupPointer"})

# Dates with their times, moved together; a time without its date is moved around the clock.
MOMENTS = {
    "StudyDate": "StudyTime",
    "SeriesDate": "SeriesTime",
    "AcquisitionDate": "AcquisitionTime",
    "ContentDate": "ContentTime",
}
DATE_TIMES = frozenset({"AcquisitionDateTime", "FrameAcquisitionDateTime", "FrameReferenceDateTime"})

# Sequences whose items are cleaned by the same lists.
SEQUENCES = frozenset(
    {
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "PixelMeasuresSequence",
        "PlanePositionSequence",
        "PlaneOrientationSequence",
        "PixelValueTransformationSequence",
        "FrameVOILUTSequence",
        "FrameContentSequence",
        "FrameAnatomySequence",
        "CTImageFrameTypeSequence",
        "CTAcquisitionTypeSequence",
        "CTAcquisitionDetailsSequence",
        "CTTableDynamicsSequence",
        "CTPositionSequence",
        "CTGeometrySequence",
        "CTReconstructionSequence",
        "CTExposureSequence",
        "CTXRayDetailsSequence",
        "CardiacSynchronizationSequence",
        "RespiratorySynchronizationSequence",
        "TemporalPositionSequence",
        "DimensionOrganizationSequence",
        "DimensionIndexSequence",
    }
)

# Text that is taken apart (see `deidentify_words`).
KERNEL, MAKER, STACK = "ConvolutionKernel", "Manufacturer", "StackID"
LUTS = "VOILUTSequence"
DESCRIBING = ("SeriesDescription", "StudyDescription", "ProtocolName", "BodyPartExamined")

# What a CT must have, if empty (PS3.3, type 2), and says nothing.
EMPTY = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "PositionReferenceIndicator",
    "StudyDate",
    "StudyTime",
    "Manufacturer",
    "AcquisitionNumber",
    "KVP",
)

# PS3.16 CID 7050: what was done, in the words that other programs read.
METHOD_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
METHOD = "CaseStage: list of allowed attributes, new UIDs, moved dates"

ALLOWED = frozenset(
    {
        *NUMBERS,
        *CODES,
        *UIDS,
        *POINTERS,
        *DATE_TIMES,
        *SEQUENCES,
        KERNEL,
        MAKER,
        STACK,
        LUTS,
        "SOPClassUID",
        "PixelData",
    }
    | {*MOMENTS, *MOMENTS.values()}
)
