"""Coded concepts for what CaseStage writes: SNOMED CT, DICOM and UCUM where they have one, else "99CASESTAGE"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydicom.sr.coding import Code

from viewer.domain.decision import Answer

if TYPE_CHECKING:
    from viewer.domain.finding import Code as Said
    from viewer.domain.finding import Finding

LOCAL_SCHEME = "99CASESTAGE"

ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "SCT", "Tissue")
BODY_SUBSTANCE = Code("91720002", "SCT", "Body Substance")
LESION = Code("52988006", "SCT", "Lesion")

# The first of these that begins a word in a label's key or name decides, where no author said a code.
_BY_WORD = (
    (r"\bnodul", ABNORMAL, Code("27925004", "SCT", "Nodule")),
    (r"\b(haemorrhag|hemorrhag|bleed|haematoma|hematoma)", ABNORMAL, Code("50960005", "SCT", "Hemorrhage")),
    (r"\b(mass|masses|tumours?|tumors?)\b", ABNORMAL, Code("4147007", "SCT", "Mass")),
)
# An airway and a metastasis in bone are something else.
_BY_NAME = {
    "bone": (TISSUE, Code("272673000", "SCT", "Bone")),
    "air": (BODY_SUBSTANCE, Code("15158005", "SCT", "Air")),
}

VOLUME = Code("118565006", "SCT", "Volume")
LONG_AXIS = Code("103339001", "SCT", "Long axis")
SHORT_AXIS = Code("103340004", "SCT", "Short axis")
LENGTH = Code("410668003", "SCT", "Length")
AREA = Code("42798000", "SCT", "Area")
ANGLE = Code("1483009", "SCT", "Angle")
COBB = Code("285285000", "SCT", "Cobb angle")
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
MEAN = Code("373098007", "SCT", "Mean")
DEVIATION = Code("386136009", "SCT", "Standard Deviation")
MINIMUM = Code("255605001", "SCT", "Minimum")
MAXIMUM = Code("56851009", "SCT", "Maximum")
PIXELS = Code("pixels", LOCAL_SCHEME, "Number of pixels")
SCORE = Code("score", LOCAL_SCHEME, "Model score")
COMMENT = Code("121106", "DCM", "Comment")
OBSERVER = Code("121008", "DCM", "Person Observer Name")
PERSON = Code("121006", "DCM", "Person")
DEVICE = Code("121007", "DCM", "Device")
REPORT = Code("126000", "DCM", "Imaging Measurement Report")
CT = Code("77477000", "SCT", "Computed Tomography")
LABEL = Code("label", LOCAL_SCHEME, "Name of the finding")
DECISION = Code("decision", LOCAL_SCHEME, "Decision of the reader")
FOUND_BY = Code("found-by", LOCAL_SCHEME, "Found by")
BY_MODEL = Code("model", LOCAL_SCHEME, "Found by a model")
BY_READER = Code("reader", LOCAL_SCHEME, "Found by a reader, missed by the model")
BY_TRUTH = Code("truth", LOCAL_SCHEME, "Ground truth")

MILLILITRES = Code("mL", "UCUM", "mL")
MILLIMETRES = Code("mm", "UCUM", "mm")
SQUARE_MILLIMETRES = Code("mm2", "UCUM", "mm2")
DEGREES = Code("deg", "UCUM", "degree")
HOUNSFIELD = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
NO_UNITS = Code("1", "UCUM", "no units")

ANSWERS = {
    Answer.ACCEPTED: Code("accepted", LOCAL_SCHEME, "Accepted"),
    Answer.REJECTED: Code("rejected", LOCAL_SCHEME, "Rejected"),
    Answer.UNSURE: Code("unsure", LOCAL_SCHEME, "Unsure"),
}

AI_FAMILY = Code("123110", "DCM", "Artificial Intelligence")
RULES_FAMILY = Code("123105", "DCM", "Histogram Analysis")


def category_and_type(finding: Finding) -> tuple[Code, Code]:
    """Return the coded category and type of what a finding is: as its model's author says, else by its words.

    A lesion where no word says more.
    """
    category, kind = _by_words(finding)
    return (
        category if finding.category is None else _coded(finding.category),
        kind if finding.kind is None else _coded(finding.kind),
    )


def _coded(said: Said) -> Code:
    return Code(said.value, said.scheme, said.meaning[:64])


def _by_words(finding: Finding) -> tuple[Code, Code]:
    said = [re.sub("[-_]", " ", words).lower().strip() for words in (finding.label_key, finding.label)]
    for pattern, category, kind in _BY_WORD:
        if re.search(pattern, " ".join(said)):
            return category, kind
    return next((coded for name, coded in _BY_NAME.items() if name in said), (ABNORMAL, LESION))
