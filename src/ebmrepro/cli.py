"""The command line: one subcommand per stage, and what keeps the two runners in step.

Exit codes: 0 done; 1 something is missing, damaged or busy; 2 params.yaml or the command line is wrong;
128 + n stopped by signal n, to go on when run again.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated

import typer

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.flow import runners
from ebmrepro.params.base import ParamsError, nearest
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES, Stage
from ebmrepro.provenance.record import recorded
from ebmrepro.stages import lists
from ebmrepro.tools import doctor, listing

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
NAME = "a name from params.yaml"


def _run(one: Stage, item: str | None = None) -> None:
    """Do the job of a stage, for an item if the stage has items; the stage's module is imported now."""
    params = load_params()
    known = getattr(params, one.section) if one.section else [None]
    if item not in known:
        raise ParamsError(f"params.yaml: {one.section} has no '{item}'{nearest(item, known)}")
    module = import_module(f"ebmrepro.stages.{one.name}")
    with recorded(params, one.name, item):
        module.run(params, *([item] if one.section else []))


def _command(one: Stage) -> Callable[..., None]:
    called = one.section and one.section.removesuffix("s")

    def run(item: Annotated[str, typer.Argument(metavar=called, help=NAME)]) -> None:
        _run(one, item)

    return run if one.section else lambda: _run(one)


for _one in STAGES:
    app.command(_one.name, help=_one.does)(_command(_one))


@app.command()
def check() -> None:
    """Validate params.yaml and write to jobs.json what each job is told and done by."""
    lists.check(load_params())


@app.command()
def contents(folder: Annotated[str, typer.Argument(help=NAME)]) -> None:
    """Write to contents/<folder>.json the hash of what lies in a folder of images."""
    lists.contents(load_params(), folder)


@app.command()
def collect() -> None:
    """Write to inputs.json which results each figure and table and the report is made from."""
    lists.collect(load_params())


@app.command()
def schema() -> None:
    """Print the JSON schema of params.yaml (kept in workflow/params.schema.json)."""
    print(json.dumps(Params.model_json_schema(), indent=2))


@app.command()
def estimate(
    steps: Annotated[int, typer.Option(min=1, help="training steps to time")] = 20,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="at most so many images at a time, the time scaled (slow machines)"),
    ] = None,
) -> None:
    """Time a few steps of every planned run here and print the hours that all of it will take."""
    from ebmrepro.tools.estimate import estimate as run  # It imports torch.

    run(load_params(), steps, batch)


@app.command()
def catalogue(entry: Annotated[str | None, typer.Argument(help="one of them, in full")] = None) -> None:
    """List the published image sets that a data set of kind `catalogue` may name, and how each is got."""
    listing.show(entry)


@app.command()
def sync() -> None:
    """After `snakemake`: let DVC record what was produced. Refuses unless Snakemake has nothing to do."""
    load_params()
    runners.sync()


@app.command()
def restore() -> None:
    """After `dvc repro`, or in a fresh clone: pull, check, and let Snakemake adopt the files."""
    load_params()
    runners.restore()


@app.command("doctor")
def _doctor() -> None:
    """Look at this machine and checkout and say what would get in the way."""
    raise typer.Exit(doctor.doctor())


def main(run: Callable[[], None] = app) -> None:
    """Run the command line; every expected failure is one line on standard error."""
    try:
        run()
    except (ParamsError, WorkspaceError) as failure:
        _fail(failure, 2 if isinstance(failure, ParamsError) else 1)
    except OSError as failure:
        _fail(f"{failure.strerror}: {failure.filename or 'while writing'}", 1)
    except Exception as failure:
        signum = getattr(failure, "signum", None)
        if signum is not None:
            _fail(failure, 128 + signum)
        if not _is_lack_of_memory(failure):
            raise
        said = str(failure).splitlines()[0] if str(failure) else "no more of it could be had"
        _fail(f"not enough memory ({said}): ask for less at a time, or take a machine with more", 1)


def _is_lack_of_memory(failure: Exception) -> bool:
    """PyTorch has an exception of its own for GPUs alone."""
    words = ("out of memory", "allocate memory")
    return isinstance(failure, MemoryError) or any(word in str(failure) for word in words)


def _fail(message: object, code: int) -> None:
    print(f"ebm: {message}", file=sys.stderr)
    sys.exit(code)
