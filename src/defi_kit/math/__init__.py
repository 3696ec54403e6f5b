"""Twins of `contracts/libraries`: pure integer maths."""

from __future__ import annotations

from .log2 import log2
from .quorum import check_quorum

__all__ = ["check_quorum", "log2"]
