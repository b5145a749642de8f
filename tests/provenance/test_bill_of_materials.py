"""`make sbom` and `make audit`, as they stand in the Makefile."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from pipeline_tools import ROOT

from ebmrepro.machine.packages import LOCKS, PROJECT, locked

ADVISORY = {
    "id": "GHSA-0000-0000-0000",
    "aliases": ["CVE-0000-00000"],
    "summary": "invented for this test",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "numpy", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """The API of osv.dev, as far as an audit asks it; `vulnerable` names the package it warns of."""

    vulnerable: str | None = None
    broken = False
    asked: set[str]

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = question["package"]["name"]
        self.asked.add(canonicalize_name(name))
        self.send_response(500 if self.broken else 200)
        self.end_headers()
        found = {"vulns": [ADVISORY]} if canonicalize_name(name) == self.vulnerable else {}
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def advisories() -> Iterator[tuple[type[Advisories], str]]:
    """A server of advisories on this machine, and its address."""
    handler = type("Handler", (Advisories,), {"asked": set()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler, f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def make(target: str, *settings: str) -> subprocess.CompletedProcess:
    """`make` as a user calls it, with the environment that runs the tests."""
    here = f"BIN={Path(sys.executable).parent}"
    return subprocess.run(
        ["make", "--old-file=.venv/installed", here, target, *settings],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def audit(address: str) -> subprocess.CompletedProcess:
    return make("audit", f"AUDIT=--vulnerability-service osv --osv-url {address}")


def test_an_audit_asks_for_every_locked_package(advisories):
    handler, address = advisories
    done = audit(address)
    assert done.returncode == 0, done.stderr
    assert "No known vulnerabilities found" in done.stderr
    assert handler.asked == locked(ROOT / "requirements.lock").keys()


def test_an_audit_fails_on_a_vulnerable_package_and_names_it(advisories):
    handler, address = advisories
    handler.vulnerable = "numpy"
    done = audit(address)
    assert done.returncode != 0
    assert "numpy" in done.stdout and ADVISORY["aliases"][0] in done.stdout


def test_an_audit_that_could_not_ask_is_no_clean_one(advisories):
    handler, address = advisories
    handler.broken = True
    done = audit(address)
    assert done.returncode != 0
    assert "No known vulnerabilities" not in done.stdout + done.stderr


def test_the_bill_lists_what_is_locked():
    done = make("sbom", "SBOM=.work/test.cdx.json")
    assert done.returncode == 0, done.stderr
    bill = json.loads((ROOT / ".work/test.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.6"
    assert bill["metadata"]["component"]["name"] == PROJECT
    listed = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    assert listed == locked(*(ROOT / lock for lock in LOCKS))
    assert all(part["purl"].startswith("pkg:pypi/") for part in bill["components"])
