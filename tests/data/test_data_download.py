"""Downloads survive what servers, disks and kills do: a file is complete and checked, or not there."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple

import numpy as np
import pytest
from catalogue_entries import single
from catalogue_server import running

from ebmrepro.data.catalogue import transfer
from ebmrepro.data.catalogue.fetch import fetch
from ebmrepro.files.workspace import WorkspaceError

BODY = np.random.default_rng(0).bytes(3_000_001)
OTHER = np.random.default_rng(1).bytes(len(BODY))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """A proxy of the machine has nothing to do with its own server."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running() as state:
        yield state


@pytest.fixture
def impatient(monkeypatch):
    """Half a second without a byte is a stall."""
    monkeypatch.setattr(transfer, "STALL_SECONDS", 0.5)


def _left(folder) -> list[str]:
    """What a user sees in the folder, and partial files."""
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock"))


def test_a_file_comes_whole_and_is_asked_for_once(server, tmp_path):
    entry = single(BODY, [server.serve("set.bin", BODY)])
    for _ in range(2):
        found = fetch(entry, tmp_path / "new" / "folder")["set.bin"]
        assert found.path == tmp_path / "new" / "folder" / "set.bin" and found.path.read_bytes() == BODY
        assert found.checksum == f"sha256:{hashlib.sha256(BODY).hexdigest()}"
    assert server.requests == [("/set.bin", None)]
    assert _left(found.path.parent) == ["set.bin"]


def test_md5_admits_where_it_is_all_that_is_known(server, tmp_path):
    checksum = f"md5:{hashlib.md5(BODY).hexdigest()}"
    entry = single(BODY, [server.serve("set.bin", BODY)], checksum=checksum)
    assert fetch(entry, tmp_path)["set.bin"].checksum == checksum


def test_progress_counts_mebibytes(server, tmp_path, capsys):
    fetch(single(BODY, [server.serve("set.bin", BODY)]), tmp_path)
    assert "set.bin (MiB): 3/3" in capsys.readouterr().err


def test_wrong_bytes_are_never_a_file(server, tmp_path):
    entry = single(BODY, [server.serve("set.bin", OTHER)])
    with pytest.raises(WorkspaceError, match=r"no address gave set\.bin .*checksum is wrong"):
        fetch(entry, tmp_path)
    assert _left(tmp_path) == []
    assert len(server.requests) == 1


def test_a_mirror_mends_wrong_bytes(server, tmp_path):
    urls = [server.serve("bad", OTHER), server.serve("good", BODY)]
    assert fetch(single(BODY, urls), tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [path for path, _ in server.requests] == ["/bad", "/good"]


def test_after_404_the_mirrors_follow_in_order(server, tmp_path):
    urls = [server.address + "gone", server.serve("error", status=503), server.serve("good", BODY)]
    assert fetch(single(BODY, urls), tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [path for path, _ in server.requests] == ["/gone", "/error", "/good"]


def test_every_refusal_is_told(server, tmp_path):
    with running() as gone:
        dead = gone.address + "set.bin"
    with pytest.raises(WorkspaceError) as caught:
        fetch(single(BODY, [server.address + "gone", dead]), tmp_path)
    message = str(caught.value)
    assert "404" in message and f"{dead}: no connection" in message
    assert str(tmp_path / "set.bin") in message and "sha256:" in message


def test_redirects_are_followed_and_circles_are_left(server, tmp_path):
    good = server.serve("good", BODY)
    server.serve("there", location=good)
    circle = server.serve("circle", location=server.address + "circle")
    entry = single(BODY, [circle, server.serve("moved", location=server.address + "there")])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY


def test_a_broken_body_is_continued_where_it_ended(server, tmp_path):
    entry = single(BODY, [server.serve("set.bin", BODY, breaks_after=1_000_000, breaks=2)])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [asked for _, asked in server.requests] == [None, "bytes=1000000-", "bytes=2000000-"]


def test_a_broken_body_starts_anew_without_ranges(server, tmp_path):
    entry = single(BODY, [server.serve("set.bin", BODY, ranges=False, breaks_after=1_000_000)])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [asked for _, asked in server.requests] == [None, "bytes=1000000-"]


def test_a_body_that_always_breaks_is_given_up(server, tmp_path):
    entry = single(BODY, [server.serve("set.bin", BODY, ranges=False, breaks_after=1_000_000, breaks=99)])
    with pytest.raises(WorkspaceError, match="broke before the end"):
        fetch(entry, tmp_path)
    assert len(server.requests) == 2
    assert "set.bin" not in _left(tmp_path)


@pytest.mark.parametrize(
    ("body", "said"),
    [(BODY + OTHER, "sends more than"), (BODY[:-7], "ended 7 bytes early")],
    ids=["long", "short"],
)
def test_a_body_of_unsaid_length_is_measured(server, tmp_path, body, said):
    odd = server.serve("odd", body, ranges=False, length=False)
    with pytest.raises(WorkspaceError, match=said):
        fetch(single(BODY, [odd]), tmp_path)
    assert not (tmp_path / "set.bin").exists()
    assert (tmp_path / ".downloading-set.bin").stat().st_size <= len(BODY)
    assert (
        fetch(single(BODY, [odd, server.serve("good", BODY)]), tmp_path)["set.bin"].path.read_bytes() == BODY
    )


def test_bytes_of_another_file_are_not_continued_for_ever(server, tmp_path):
    """What an earlier mirror left is wrong: seen by the checksum, then everything comes anew."""
    (tmp_path / ".downloading-set.bin").write_bytes(OTHER[:500_000])
    entry = single(BODY, [server.serve("set.bin", BODY)])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [asked for _, asked in server.requests] == ["bytes=500000-", None]


def test_a_page_instead_of_the_file_spoils_nothing(server, tmp_path):
    """A login page is shorter: it is refused by its length, and what came before goes on elsewhere."""
    (tmp_path / ".downloading-set.bin").write_bytes(BODY[:500_000])
    urls = [server.serve("login", b"<html>", ranges=False), server.serve("good", BODY)]
    assert fetch(single(BODY, urls), tmp_path)["set.bin"].path.read_bytes() == BODY
    assert [asked for _, asked in server.requests] == ["bytes=500000-", "bytes=500000-"]


def test_a_stalled_server_is_left_for_a_mirror(server, tmp_path, impatient):
    urls = [server.serve("dead", BODY, stalls_after=0), server.serve("good", BODY)]
    start = time.monotonic()
    assert fetch(single(BODY, urls), tmp_path)["set.bin"].path.read_bytes() == BODY
    assert time.monotonic() - start < 10


def test_a_server_that_dawdles_is_left_for_a_mirror(server, tmp_path, monkeypatch):
    """Each byte comes in time, but the file would take years."""
    monkeypatch.setattr(transfer, "SLOW_SECONDS", 0.5)
    slow = server.serve("slow", BODY, piece=10, pause=0.1)
    entry = single(BODY, [slow, server.serve("good", BODY)])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert server.requests[-1][0] == "/good"


def test_a_slow_server_that_sends_enough_is_kept(server, tmp_path):
    entry = single(BODY, [server.serve("slow", BODY, piece=300_000, pause=0.05)])
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert len(server.requests) == 1


def test_a_killed_download_goes_on_to_the_same_bytes(server, tmp_path):
    slow = server.serve("set.bin", BODY, piece=50_000, pause=0.05)
    entry = single(BODY, [slow])
    script = (
        "import sys, pathlib; from ebmrepro.params.catalogue import Entry;"
        " from ebmrepro.data.catalogue.fetch import fetch;"
        " fetch(Entry.model_validate_json(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    arguments = [sys.executable, "-c", script, entry.model_dump_json(), str(tmp_path)]
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    partial = tmp_path / ".downloading-set.bin"
    deadline = time.monotonic() + 30
    while not (partial.exists() and partial.stat().st_size > 200_000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "set.bin").exists()
    came = partial.stat().st_size
    server.serve("set.bin", BODY)
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert server.requests[-1] == ("/set.bin", f"bytes={came}-")
    assert _left(tmp_path) == ["set.bin"]


def test_two_at_once_download_once(server, tmp_path, capsys):
    entry = single(BODY, [server.serve("set.bin", BODY, piece=300_000, pause=0.05)])
    found = []
    threads = [threading.Thread(target=lambda: found.append(fetch(entry, tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len(server.requests) == 1
    assert (tmp_path / "set.bin").read_bytes() == BODY
    assert "another process is fetching it" in capsys.readouterr().err


def test_a_full_disk_is_told_before_a_byte_is_asked_for(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    entry = single(BODY, [server.serve("set.bin", BODY)])
    with pytest.raises(WorkspaceError, match=r"needs 0\.07 GB, the disk of .* has 0\.00 GB free: make room"):
        fetch(entry, tmp_path)
    assert server.requests == [] and _left(tmp_path) == []


def test_a_disk_that_fills_up_meanwhile_keeps_what_came(server, tmp_path):
    """A limit on the size of files stands for the full disk: the write fails, what came stays."""
    script = (
        "import errno, sys, pathlib, resource, signal\n"
        "from ebmrepro.data.catalogue import transfer\n"
        "from ebmrepro.params.catalogue import Entry\n"
        "from ebmrepro.data.catalogue.fetch import fetch\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        # The limit says EFBIG where a disk says ENOSPC.
        "errno.ENOSPC = errno.EFBIG\n"
        "fetch(Entry.model_validate_json(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    entry = single(BODY, [server.serve("set.bin", BODY)])
    arguments = [sys.executable, "-c", script, entry.model_dump_json(), str(tmp_path)]
    ended = subprocess.run(arguments, capture_output=True, text=True)
    assert "WorkspaceError: the disk is full" in ended.stderr
    assert _left(tmp_path) == [".downloading-set.bin"]
    assert fetch(entry, tmp_path)["set.bin"].path.read_bytes() == BODY
    assert server.requests[-1][1] is not None


def test_a_file_placed_by_hand_needs_no_network_and_no_right_to_write(tmp_path):
    (tmp_path / "set.bin").write_bytes(BODY)
    assert fetch(single(BODY, ["http://127.0.0.1:9/set.bin"]), tmp_path)["set.bin"].checksum is not None
    assert [p.name for p in tmp_path.iterdir()] == ["set.bin"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match=r"toy: .* cannot be made \(.*\): choose another folder"):
        fetch(single(BODY, ["http://127.0.0.1:9/set.bin"]), tmp_path / "file" / "data")


def test_a_wrong_file_placed_by_hand_is_refused_and_kept(server, tmp_path):
    (tmp_path / "set.bin").write_bytes(OTHER)
    entry = single(BODY, [server.serve("set.bin", BODY)])
    with pytest.raises(WorkspaceError, match=r"is not the file that the catalogue names .*move it away"):
        fetch(entry, tmp_path)
    assert (tmp_path / "set.bin").read_bytes() == OTHER and server.requests == []
