"""Samples against data: distances between the two, and how different samples are from each other."""
