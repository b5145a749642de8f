"""check: params.yaml is valid, and what each job is told and done by stands in jobs.json."""

from ebmrepro.files.workspace import write_text
from ebmrepro.flow.code import save_cache
from ebmrepro.flow.jobs import JOBS, listing
from ebmrepro.params.root import Params


def run(params: Params) -> None:
    """Write JOBS. Raises WorkspaceError if the code of a job is missing or is no Python."""
    write_text(JOBS, listing(params))
    save_cache()
    print(f"params.yaml is valid: preset {params.preset}, {len(params.runs)} runs")
