"""The training loop, its checkpoints and its divergence guard."""
