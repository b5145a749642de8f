"""Markov chains: Langevin dynamics, augmentation transitions, the replay buffer."""
