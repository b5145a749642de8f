"""Two-dimensional densities, a module each, which is all there is to say of one.

sample(rng, n) -> (n, 2) points
log_density(points (n, 2)) -> (n,) nats, exact
"""
