"""Write results, code and records as a Workflow Run RO-Crate: export_crate.py [--no-tensors] [FOLDER]

Nothing is written where a record is not of what lies here. Exit codes and messages are those of `ebm`.
"""

from pathlib import Path
from typing import Annotated

import typer
from run_crate.chain import chain
from run_crate.export import export

from ebmrepro.checks.load import load_params
from ebmrepro.cli import main

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def export_crate(
    folder: Annotated[Path, typer.Argument(help="where to write it; must not exist")] = Path("crate"),
    tensors: Annotated[bool, typer.Option(help="models, samples and prepared data, too")] = True,
) -> None:
    """Export results, code and the record of every job as a Workflow Run RO-Crate."""
    params = load_params()
    jobs = chain(params)
    export(params, jobs, folder, tensors)
    print(f"ebm: {folder} holds the records of {len(jobs)} jobs and what they made")


if __name__ == "__main__":
    main(app)
