"""Dockerfile, .dockerignore and Makefile say the same."""

import re

import pytest


@pytest.fixture(scope="module")
def dockerfile(repository):
    # Comments and line ends of continued commands say nothing.
    text = (repository / "Dockerfile").read_text()
    return re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))


def patterns(path):
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def rooted(pattern, folder=""):
    """A pattern of git's as Docker writes it: git's own may match at any depth."""
    bare = pattern.rstrip("/")
    return f"{folder}/{pattern.lstrip('/')}" if "/" in bare else f"**/{pattern}"


def test_what_git_ignores_stays_out_of_the_image(repository):
    ignored = {rooted(pattern) for pattern in patterns(repository / ".gitignore")}
    ignored |= {rooted(pattern, "/.dvc") for pattern in patterns(repository / ".dvc/.gitignore")}
    assert set(patterns(repository / ".dockerignore")) == ignored | {".git"}


def test_the_base_is_pinned_by_digest(dockerfile):
    assert re.findall(r"^ARG BASE_IMAGE=\S+@sha256:[0-9a-f]{64}$", dockerfile, re.MULTILINE)
    assert re.findall(r"^FROM (.*)$", dockerfile, re.MULTILINE) == ["${BASE_IMAGE}"]


def test_image_and_environment_are_installed_from_the_same_locks(repository, dockerfile):
    makefile = (repository / "Makefile").read_text()
    installed = r"pip install [^&\n]*--require-hashes -r (\S+)"
    locks = re.findall(installed, makefile)
    assert locks == ["bootstrap.lock", "requirements.lock"]
    assert re.findall(installed, dockerfile) == locks
    # Nothing else is fetched from an index.
    installs = re.findall(r"pip install ([^&\n]*)", dockerfile)
    assert len(installs) == 3
    assert all("--require-hashes" in words or "--no-deps" in words for words in installs)


def test_the_image_does_not_run_as_root(dockerfile):
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE) == ["1000:1000"]
