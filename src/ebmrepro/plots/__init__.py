"""Figures, one kind a module."""
