"""Metrics: each against a stated reference, none of them trained on what it measures."""
