"""Synthetic CT with known lesions."""

from viewer.phantom.abdomen import make_abdomen
from viewer.phantom.abdomen_lesions import LiverLesion
from viewer.phantom.chest import make_chest
from viewer.phantom.chest_emboli import Embolus
from viewer.phantom.chest_mimics import Mimic
from viewer.phantom.chest_nodules import Nodule
from viewer.phantom.head import make_head
from viewer.phantom.head_bleeds import Bleed
from viewer.phantom.phantom import Phantom, PhantomLesion

__all__ = [
    "Bleed",
    "Embolus",
    "LiverLesion",
    "Mimic",
    "Nodule",
    "Phantom",
    "PhantomLesion",
    "make_abdomen",
    "make_chest",
    "make_head",
]
