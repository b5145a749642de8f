"""The command line, when nothing may go wrong."""


def run_all(ebm, *commands: str) -> None:
    """Run each of `commands` by the fixture `ebm`; all of them must end well."""
    for command in commands:
        ended = ebm(*command.split())
        assert ended.code == 0, ended.err
