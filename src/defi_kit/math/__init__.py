"""Twins of `contracts/libraries`: pure integer maths."""

from __future__ import annotations

from .log2 import log2

__all__ = ["log2"]
