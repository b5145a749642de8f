"""`ebm`: hands its job over to the server of this folder, if Snakemake started one, or does it itself."""

import os
from pathlib import Path


def main() -> None:
    """The command line."""
    if path := os.environ.get("EBM_FORKSERVER"):
        from ebmrepro.forkserver.client import hand_over

        hand_over(Path(path))
    from ebmrepro.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
