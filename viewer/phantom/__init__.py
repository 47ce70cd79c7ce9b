"""Synthetic CT with known lesions."""

from viewer.phantom.chest import make_chest
from viewer.phantom.chest_nodules import Nodule
from viewer.phantom.head import make_head
from viewer.phantom.head_bleeds import Bleed
from viewer.phantom.phantom import Phantom, PhantomLesion

__all__ = ["Bleed", "Nodule", "Phantom", "PhantomLesion", "make_chest", "make_head"]
