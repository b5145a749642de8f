"""What a run's training method is called: its objective, and for CD where its chains start."""

from ebmrepro.params.root import Params


def method(params: Params, run: str) -> str:
    """One of mle, cd, cd_k, pcd, icd, dsm, ssm, dcd_ve, dcd_vp, dcd_time, wake_sleep.

    cd: chains from noise or from a replay buffer, as the paper's baseline. cd_k: chains of k steps from the
    data. pcd: persistent chains. dcd_ve, dcd_vp: the one-step form with either diffusion; dcd_time: the
    time-dependent form.
    """
    objective, sampler = params.resolve(run, "objective"), params.resolve(run, "sampler")
    if objective.kind == "cd":
        return {"data": "cd_k", "persistent": "pcd"}.get(sampler.start, "cd")
    if objective.kind == "dcd":
        return f"dcd_{objective.diffusion}" if objective.times == 1 else "dcd_time"
    return objective.kind
