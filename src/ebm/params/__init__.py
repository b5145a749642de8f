"""Typed, validated params.yaml: one module per section, `load` reads the file, `Params` is the whole."""

from ebm.params.base import ParamsError
from ebm.params.load import load_params
from ebm.params.root import Params

__all__ = ["Params", "ParamsError", "load_params"]
