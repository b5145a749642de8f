"""Energy-based model training, reproduced."""
