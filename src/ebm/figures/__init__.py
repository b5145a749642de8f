"""Figures and tables: one file each, one shared style. Nothing here imports torch or knows a path."""
