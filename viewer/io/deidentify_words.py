"""Words that a CT may keep when it is de-identified: what was scanned and how, and no word that could be a name.

Text that a person typed is never kept as it is. It is taken apart, and only words of these lists are put together
again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from viewer.domain.masking import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# Parts of the body, as body parts and 3D looks are told by them, and what says how a scan was made.
PARTS = frozenset(
    "head neck brain skull cranium face facial sinus sinuses orbit orbits temporal bones jaw jaws mandible maxilla "
    "dental teeth ear ears stroke kopf schadel hals hno gesicht tete crane cou cabeza cuello "
    "chest thorax lung lungs pulmonary thoracic torax lunge "
    "abdomen abdominal pelvis liver kidney kidneys pancreas colon abd pel abdpel becken leber "
    "spine cervical lumbar spleen heart cardiac coronary aorta hip knee shoulder ankle foot wrist hand elbow leg arm "
    "pelvic sacrum bladder adrenal trachea airway mediastinum".split()
)
MANNERS = frozenset(
    "cta angio angiography cm portal portalvenous arterial venous venoes contrast post pre late delayed phase iv w wo "
    "without with non no nativ native unenhanced plain axial coronal sagittal thin thick slice slices mpr mip minip "
    "volume helical spiral sequence soft tissue bone lung kernel smooth sharp standard recon routine low dose "
    "screening follow up trauma perfusion scout topogram localizer phantom synthetic".split()
)
_KNOWN = PARTS | MANNERS

# Who made scanners, spelt as they spell themselves; anything else typed there is dropped.
MAKERS = {
    "gemedicalsystems": "GE MEDICAL SYSTEMS",
    "gehealthcare": "GE HEALTHCARE",
    "siemens": "SIEMENS",
    "siemenshealthineers": "Siemens Healthineers",
    "siemenshealthcaregmbh": "SIEMENS",
    "philips": "Philips",
    "philipsmedicalsystems": "Philips Medical Systems",
    "toshiba": "TOSHIBA",
    "canonmedicalsystems": "Canon Medical Systems",
    "hitachi": "Hitachi",
    "neusoft": "Neusoft",
    "unitedimaging": "United Imaging",
    "uih": "UIH",
    "casestage": "CaseStage",
}
# GE, Philips and Hitachi name their kernels; Siemens and Canon number them (B30f, Br40d, Hr60, I31f\3, FC08, FC13-H).
_NAMED_KERNELS = frozenset("STANDARD SOFT BONE BONEPLUS LUNG DETAIL EDGE ULTRA CHEST A B C D E F L YA YB YC YD".split())
_NUMBERED_KERNEL = re.compile(r"(?:[A-Z][a-z]?\d{2}[a-z]?|FC\d{2}(?:-H)?|[1-9])")


def known_words(texts: Iterable[str], never: frozenset[str]) -> str:
    """Return the known words of some texts in their order, each once, such as "head ct contrast"; "" for none.

    `never` are words of the patient's name, as `viewer.domain.masking.identity_words` gives them: a patient may be
    called Head.
    """
    found = dict.fromkeys(word for text in texts for word in words_of(text) if word in _KNOWN and word not in never)
    return " ".join(found)


def known_maker(text: str) -> str:
    """Return the name of a known maker of scanners, "" for any other text."""
    return MAKERS.get("".join(words_of(text)), "")


def is_kernel(text: str) -> bool:
    """Return True where a text has the form of a reconstruction kernel's name."""
    return text in _NAMED_KERNELS or bool(_NUMBERED_KERNEL.fullmatch(text))
