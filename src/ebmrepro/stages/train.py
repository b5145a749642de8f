"""train: a run's model, once for each seed, in one process."""

from pathlib import Path

import torch

from ebmrepro.files import workspace
from ebmrepro.flow.jobs import one_job
from ebmrepro.machine.device import environment, set_up
from ebmrepro.machine.progress import progress
from ebmrepro.params.root import Params
from ebmrepro.stages.training_data import training_data
from ebmrepro.training.checkpoint import StopSignal, work_directory
from ebmrepro.training.log import as_csv
from ebmrepro.training.loop import Training


def run(params: Params, item: str) -> None:
    """Train run `item` with every seed; a killed process goes on from its checkpoints when run again."""
    device = set_up(params.compute)
    settings = params.train_settings(item)
    data, labels = training_data(params, item, device)
    seeds = params.seeds_of(item)
    conditions = environment(device)
    job = one_job(params, "train", item)
    data_files = {path: workspace.artifact_sha256(Path(path)) for path in job.inputs}
    identity = {"job": job.entry, "data": data_files, "environment": conditions}
    tensors, logs, outcomes = {}, {}, {}
    with (
        work_directory(f"{params.preset}-{item}", identity) as work,
        StopSignal() as stop,
        progress(f"train {item}", settings.schedule.iterations * len(seeds)) as bar,
    ):
        for seed in seeds:
            training = Training(settings, data, seed, labels)
            diverged = training.run(work / f"seed{seed}.safetensors", stop, bar)
            logs[seed] = training.log
            outcomes[str(seed)] = _outcome(diverged, training.iteration)
            for weights in ("ema", "raw"):
                for name, value in training.model(weights).state_dict().items():
                    tensors[f"{seed}/{weights}/{name}"] = value.cpu().numpy()
            buffer = training.sampler.buffer
            if buffer is not None:
                tensors[f"{seed}/buffer"] = buffer.samples[: len(buffer)].cpu().numpy()
        for seed, outcome in outcomes.items():
            print(f"train {item}, seed {seed}: {outcome['outcome']}")

        place = workspace.run_file(params.preset, "train", params.runs[item].experiment, item, ".safetensors")
        description = {
            "energy": settings.energy.model_dump(mode="json"),
            "objective": settings.objective.kind,
            "shape": list(data.shape[1:]),
            "is_image": data.dtype == torch.uint8,
            "seeds": seeds,
            "classes": None if labels is None else int(labels.max()) + 1,
            "diffusion": training.objective.diffusion if settings.energy.timed else None,
        }
        workspace.save_tensors(place, tensors, description)
        workspace.write_text(place.with_suffix(".csv"), as_csv(logs))
        status = {
            "run": item,
            "seeds": outcomes,
            "environment": conditions,
            # With the numbers that its words stood for.
            "objective": training.settings.objective.model_dump(mode="json"),
            # CSV has no room for a checksum of its own.
            "log_sha256": workspace.file_sha256(place.with_suffix(".csv")),
        }
        workspace.save_json(place.with_suffix(".json"), status)
        for checkpoint in work.glob("*.safetensors"):
            checkpoint.unlink()


def _outcome(diverged: tuple[int, str] | None, iterations: int) -> dict:
    if diverged is None:
        return {"outcome": "finished", "iterations": iterations}
    iteration, cause = diverged
    ended = {"iteration": iteration, "cause": cause, "last_good_iteration": iteration - 1}
    return {"outcome": "diverged"} | ended
