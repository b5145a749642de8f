"""collect: which results each figure and table and the report is made from, as hashes in inputs.json."""

import json

from ebmrepro.files.workspace import write_text
from ebmrepro.flow.jobs import INPUTS, input_hashes
from ebmrepro.params.root import Params


def run(params: Params) -> None:
    """Write INPUTS. Raises WorkspaceError if a result is missing."""
    write_text(INPUTS, json.dumps(input_hashes(params), indent=1, sort_keys=True) + "\n")
