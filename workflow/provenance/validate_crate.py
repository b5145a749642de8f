"""Let roc-validator judge an RO-Crate without a network: validate_crate.py FOLDER [OPTIONS OF THE VALIDATOR]

The validator asks the network for one file, the JSON-LD context of RO-Crate 1.1, which says what the terms
mean. The package `rocrate` brings that of RO-Crate 1.3; with the four terms that 1.1 spells otherwise it goes
into the validator's cache. Everything else is the validator's own doing, its exit code included.
"""

import io
import json
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# As they stand in docs/1.1/context.jsonld of github.com/ResearchObject/ro-crate.
TERMS_OF_1_1 = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
PROFILE = "provenance-run-crate"


class Packaged(BaseAdapter):
    """Answers every request with the context that the package `rocrate` brings."""

    def send(self, request: PreparedRequest, **options) -> Response:
        """The context, as a server would send it."""
        response = Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        context = json.loads((files("rocrate") / "data/ro-crate.jsonld").read_text(encoding="utf-8"))
        context["@context"] |= TERMS_OF_1_1
        body = io.BytesIO(json.dumps(context).encode())
        response.raw = HTTPResponse(body, status=200, preload_content=False, request_url=request.url)
        return response

    def close(self) -> None:
        """Nothing is held open."""


def main(folder: str, *options: str) -> int:
    """Exit code of the validator for the crate in `folder`; its verdict is printed."""
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
            session.mount(CONTEXT, Packaged())
            session.get(CONTEXT).raise_for_status()
        validator = [
            str(Path(sys.executable).parent / "rocrate-validator"),
            "--no-interactive",
            "--disable-color",
        ]
        settings = ["--offline", "--cache-path", str(cache), "--profile-identifier", PROFILE]
        settings += ["--no-paging", "--verbose", *options]
        return subprocess.run([*validator, "validate", *settings, folder], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
