"""check, contents, collect: what DVC's stages depend on beside files, as hashes in JSON."""

import json
from functools import cache
from pathlib import Path

from ebmrepro.files.folder_contents import contents as hash_of_contents
from ebmrepro.files.workspace import WorkspaceError, artifact_sha256, data_sha256, save_json, write_text
from ebmrepro.flow.code import save_cache
from ebmrepro.flow.jobs import INPUTS, JOBS, all_jobs, listing
from ebmrepro.flow.needs import judged
from ebmrepro.params.base import ParamsError, no_such
from ebmrepro.params.root import Params


def check(params: Params) -> None:
    """Write JOBS. Raises WorkspaceError if the code of a job is missing or is no Python."""
    write_text(JOBS, listing(params))
    save_cache()
    print(f"params.yaml is valid: preset {params.preset}, {len(params.runs)} runs")


def contents(params: Params, item: str) -> None:
    """Write contents/<item>.json. Raises WorkspaceError if the folder is not there."""
    if item not in params.folders:
        raise ParamsError(f"params.yaml: folders: {no_such('folder', item, params.folders)}")
    folder = params.folders[item]
    if not Path(folder).is_dir():
        raise WorkspaceError(f"folders.{item}: {folder} is not a folder")
    save_json(Path("contents") / f"{item}.json", {"folder": item, "contents": hash_of_contents(folder)})


def collect(params: Params) -> None:
    """Write INPUTS. Raises WorkspaceError if a result is missing."""
    # Figures share files, the largest among them.
    hashed = cache(lambda path: artifact_sha256(Path(path)))

    def digest(paths: list[str]) -> str:
        return data_sha256([(path, hashed(path)) for path in paths])

    found: dict[str, dict[str, str] | str] = {"figure": {}, "table": {}}
    for job in all_jobs(params):
        if job.stage.name in found:
            found[job.stage.name][job.item] = digest(job.inputs)
    found["report"] = digest(list(map(str, judged(params))))
    write_text(INPUTS, json.dumps(found, indent=1, sort_keys=True) + "\n")
