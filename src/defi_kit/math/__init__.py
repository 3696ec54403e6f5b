"""Twins of `contracts/libraries`: pure integer maths."""

from __future__ import annotations

from .exp2 import exp2
from .log2 import log2
from .quorum import check_quorum

__all__ = ["check_quorum", "exp2", "log2"]
