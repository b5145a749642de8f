"""collect: the hash of the results that each figure and table and the report is made from, in inputs.json."""

import json
from functools import cache
from pathlib import Path

from ebmrepro.files.workspace import artifact_sha256, data_sha256, write_text
from ebmrepro.flow.jobs import INPUTS, all_jobs
from ebmrepro.flow.needs import judged
from ebmrepro.params.root import Params


def run(params: Params) -> None:
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
