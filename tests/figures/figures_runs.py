"""Which runs, figures and tables the small finished workspace has."""

from typing import NamedTuple

SEEDS = (0, 1, 2)


class Run(NamedTuple):
    """What tells the runs apart; all else is the same for every run."""

    experiment: str
    dataset: str
    objective: str
    energy: str
    sampler: str = "chain"
    generation: str = "points"
    seeds: tuple[int, ...] = SEEDS


def _density(method: str) -> dict[str, Run]:
    """A run of one method on two dimensions, as claims name it."""
    sampler = {"cd": "chain", "icd": "chain", "cdk": "from_data", "pcd": "persistent"}.get(method, "none")
    objective = {"ml": "mle_grid", "cdk": "cd", "pcd": "cd"}.get(method, method)
    timed = method == "dcd_time"
    energy, generation = ("mlp_in_time", "annealed") if timed else ("mlp", "points")
    run = Run("density", "eight_gaussians", objective, energy, sampler, generation)
    return {f"eight_gaussians_{method}": run}


def _binary(name: str, dataset: str, objective: str, sampler: str = "none") -> dict[str, Run]:
    directed = objective == "wake_sleep"
    energy, generation = ("helmholtz", "ancestral") if directed else ("rbm", "gibbs")
    return {name: Run("rbm", dataset, objective, energy, sampler, generation)}


DENSITY = ("ml", "cd", "cdk", "pcd", "icd", "dsm", "ssm", "dcd_ve", "dcd_vp", "dcd_time")
RUNS = {
    "gaussian_mle": Run("gaussian", "gaussian", "mle", "quadratic", "none"),
    "gaussian_cd": Run("gaussian", "gaussian", "cd", "quadratic"),
    "report_cd": Run("term_report", "gaussian", "cd", "mlp", seeds=(0, 1, 2, 3, 4)),
    "report_icd": Run("term_report", "gaussian", "icd", "mlp", seeds=(0, 1, 2, 3, 4)),
    "rings_cd": Run("densities", "rings", "cd", "mlp"),
    "rings_icd": Run("densities", "rings", "icd", "mlp"),
    **{name: run for method in DENSITY for name, run in _density(method).items()},
    "rings_cdk": Run("density", "rings", "cd", "mlp", "from_data"),
    "rings_dcd_ve": Run("density", "rings", "dcd_ve", "mlp", "none"),
    **_binary("bas_rbm_ml", "bars_and_stripes", "mle"),
    **_binary("bas_rbm_cd", "bars_and_stripes", "cd", "gibbs_from_data"),
    **_binary("bas_rbm_pcd", "bars_and_stripes", "cd", "gibbs_persistent"),
    **_binary("bas_wake_sleep", "bars_and_stripes", "wake_sleep"),
    **_binary("digits_rbm_cd", "binary_digits", "cd", "gibbs_from_data"),
    **_binary("digits_rbm_pcd", "binary_digits", "cd", "gibbs_persistent"),
    **_binary("digits_wake_sleep", "binary_digits", "wake_sleep"),
    "digits_cd": Run("digits", "digits", "cd", "conv", "augmented", "images"),
    "digits_icd": Run("digits", "digits", "icd", "conv", "augmented", "images"),
    "digits_dcd": Run("digits", "digits", "dcd_time", "conv_in_time", "none", "annealed"),
    "weight_none": Run("weights", "rings", "cd", "mlp"),
    "weight_0": Run("weights", "rings", "icd_opt", "mlp"),
    "weight_authors": Run("weights", "rings", "icd", "mlp"),
    "weight_consistent": Run("weights", "rings", "icd_consistent", "mlp"),
    "digits_truncated": Run("truncation", "digits", "icd_compared", "conv", "augmented"),
    "digits_full": Run("truncation", "digits", "icd_full", "conv", "augmented"),
    "ablation_base": Run("ablation", "digits", "cd", "one_scale"),
    "ablation_kl_aug": Run("ablation", "digits", "icd", "one_scale", "augmented"),
    "ablation_aug_ms": Run("ablation", "digits", "cd", "three_scales", "augmented"),
    "ablation_full": Run("ablation", "digits", "icd", "three_scales", "augmented"),
    "arch_attn_norm_free_cd": Run("architecture", "digits", "cd", "attention", "augmented"),
    "arch_attn_norm_free_icd": Run("architecture", "digits", "icd", "attention", "augmented"),
    "shapes_colour": Run("shapes", "shapes", "icd", "of_colour", "augmented"),
    "shapes_shape": Run("shapes", "shapes", "icd", "of_shape", "augmented"),
}
COMPARED = ("gaussian", "term_report", "density", "rbm", "digits")
FIGURES = {
    "gap": ("energy_gap", "digits"),
    "survival": ("survival_curves", "architecture"),
    "swept": ("survival_map", "ablation"),
    "deaths": ("gap_before_death", "digits"),
    "norms": ("gradient_norms", "digits"),
    "cosine": ("truncation", "truncation"),
    "losses": ("loss_curves", "term_report"),
    "grid": ("sample_grid", "digits"),
    "strip": ("chain_strip", "digits"),
    "separation": ("chain_separation", "digits"),
    "long": ("long_chains", "digits"),
    "panels": ("density_panels", "densities"),
    "neighbours": ("nearest_neighbours", "digits"),
    "weights": ("filters", "rbm"),
    "sweeps": ("reconstructions", "rbm"),
    "composed": ("composition_grid", "shapes"),
    "histograms": ("energy_histograms", "digits"),
    "cleaned": ("denoised", "digits"),
    "cost": ("cost_quality", "all_methods"),
    "by_weight": ("entropy_weight", "weights"),
}
TABLES = {
    "generation": "digits",
    "density": "densities",
    "gaussian": "gaussian",
    "binary": "rbm",
    "ablation": "ablation",
    "stability": "architecture",
    "composition": "shapes",
    "ood": "digits",
    "denoising": "digits",
    "methods": "all_methods",
    "entropy_weight": "weights",
}
