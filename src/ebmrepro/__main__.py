"""`ebm`: hands its job over to the server of this folder, if Snakemake started one, or does it itself."""

from ebmrepro.forkserver.client import hand_over


def main() -> None:
    """The command line."""
    hand_over()
    from ebmrepro.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
