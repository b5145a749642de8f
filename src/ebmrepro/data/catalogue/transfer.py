"""One file over HTTP into a partial file, resumed where an earlier transfer ended.

pooch and torchvision start a broken download again from nothing, and know one address per file; so this is
requests with the header Range. Whether the bytes are right is for the checksum to say, not for this module.
"""

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import requests
import urllib3

from ebmrepro.files.workspace import WorkspaceError

CHUNK = 1 << 20
CONNECT_SECONDS = 20.0
# A server that sends nothing for STALL_SECONDS, or less than SLOW_BYTES within SLOW_SECONDS, is given up.
STALL_SECONDS = 30.0
SLOW_BYTES, SLOW_SECONDS = 64 << 10, 60.0


class TransferError(Exception):
    """This address did not give the whole file; the message says why in a few words."""


def size_of(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def transfer(url: str, partial: Path, size: int, tell: Callable[[int], None]) -> None:
    """Fetch `url` until `partial` has `size` bytes, from where it ends if the server offers ranges.

    `tell` is told how many bytes there are, fewer than before if the server makes it start anew. What came
    before a failure stays in `partial`. Raises TransferError, or WorkspaceError if the disk is full.
    """
    if (have := size_of(partial)) > size:
        partial.unlink()
        have = 0
    tell(have)
    if have == size:
        return
    # identity: a file that is compressed itself must arrive as it is, and offsets must be those of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    timeout = (CONNECT_SECONDS, STALL_SECONDS)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            if not response.ok:
                raise TransferError(f"{response.status_code} {response.reason}")
            resumed = response.status_code == 206
            told = response.headers.get("Content-Range" if resumed else "Content-Length", "")
            # A login page or a file cut short is told by its length, before it spoils what was got already.
            if (length := told.rpartition("/")[2]).isdecimal() and int(length) != size:
                raise TransferError(f"it offers {int(length):,} bytes, not {size:,}")
            # Many servers ignore Range and send everything.
            if not (resumed and told.startswith(f"bytes {have}-")):
                have = 0
            with open(partial, "ab" if have else "wb") as file:
                _receive(response, file, have, size, tell)
    except requests.exceptions.ConnectTimeout:
        raise TransferError(f"no connection within {CONNECT_SECONDS:g} s") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        raise TransferError(f"nothing came for {STALL_SECONDS:g} s") from None
    except requests.exceptions.TooManyRedirects:
        raise TransferError("it redirects in a circle") from None
    except requests.exceptions.ConnectionError:
        raise TransferError("no connection") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        raise TransferError("the connection broke before the end") from None
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceError(
                f"the disk is full: make room on the disk of {partial.parent}, then run again, the download"
                " goes on where it stopped"
            ) from None
        raise TransferError(f"the connection broke ({failure})") from None


def _receive(
    response: requests.Response, file: BinaryIO, have: int, size: int, tell: Callable[[int], None]
) -> None:
    mark, marked = time.monotonic(), have
    # read1 returns what is there; read would wait for a whole chunk and never see that a server dawdles.
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        have += len(chunk)
        if have > size:
            raise TransferError("it sends more than the file's size")
        file.write(chunk)
        tell(have)
        if (now := time.monotonic()) - mark >= SLOW_SECONDS:
            if have - marked < SLOW_BYTES:
                raise TransferError(f"less than {SLOW_BYTES >> 10} KiB came in {SLOW_SECONDS:g} s")
            mark, marked = now, have
    if have < size:
        raise TransferError(f"it ended {size - have:,} bytes early")
