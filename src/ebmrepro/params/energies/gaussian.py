from ebmrepro.params.energies import Energy


class GaussianEnergy(Energy, form="vectors", log_partition=True, label="quadratic"):
    """E(x) = (x - mu)^T Lambda (x - mu) / 2 with learnt mean and precision; log Z is known."""
