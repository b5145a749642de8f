"""Figures and tables: one file each, one shared style."""
