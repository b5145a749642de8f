"""Noisy images restored by an energy, and how close they come to the clean ones."""
