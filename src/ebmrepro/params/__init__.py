"""Typed, validated params.yaml: one module per section, `Params` is the whole."""

from ebmrepro.params.base import ParamsError
from ebmrepro.params.root import Params

__all__ = ["Params", "ParamsError"]
