"""Typed, validated params.yaml: one module per section, one per kind, `root.Params` is the whole."""
