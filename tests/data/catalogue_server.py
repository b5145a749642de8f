"""A local HTTP server with the faults of real ones: missing files, redirects, broken and stalled bodies."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A path. `breaks_after`: bytes of a body after which the connection is closed, `breaks` times;
    `stalls_after`: bytes after which nothing more comes; `pause`: seconds between pieces of `piece` bytes;
    `length`: whether the header says how long the body is."""

    body: bytes = b""
    ranges: bool = True
    status: int = 200
    location: str | None = None
    breaks_after: int | None = None
    breaks: int = 1
    stalls_after: int | None = None
    piece: int = 1 << 16
    pause: float = 0.0
    length: bool = True


@dataclass
class Server:
    """What is served, and the path and Range header of every request that came, in order."""

    address: str
    paths: dict[str, Served] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def serve(self, path: str, body: bytes = b"", **faults) -> str:
        """Serve `body` at `path`; its URL."""
        self.paths[path] = Served(body, **faults)
        return self.address + path


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass

    def do_GET(self) -> None:
        server: Server = self.server.state
        asked = self.headers.get("Range")
        server.requests.append((self.path, asked))
        served = server.paths.get(self.path, Served(status=404))
        if served.location is not None:
            self.send_response(302)
            self.send_header("Location", served.location)
            self.end_headers()
            return
        if served.status != 200:
            self.send_error(served.status)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and served.ranges else 0
        total = len(served.body)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if served.length:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        self._send(server, served, served.body[start:])

    def _send(self, server: Server, served: Served, body: bytes) -> None:
        if served.breaks_after is not None and served.breaks:
            served.breaks -= 1
            body = body[: served.breaks_after]
        for start in range(0, len(body), served.piece):
            if served.stalls_after is not None and start >= served.stalls_after:
                server.stopping.wait(30)
                return
            try:
                self.wfile.write(body[start : start + served.piece])
                self.wfile.flush()
            except OSError:
                return
            time.sleep(served.pause)


@contextmanager
def running() -> Iterator[Server]:
    """A server of this machine alone, on a free port, until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    http.state = Server(f"http://127.0.0.1:{http.server_port}/")
    http.state.paths = _Slashed()
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield http.state
    finally:
        http.state.stopping.set()
        http.shutdown()
        http.server_close()


class _Slashed(dict):
    """Paths with and without the leading slash that requests have."""

    def __setitem__(self, key: str, value: Served) -> None:
        super().__setitem__("/" + key.lstrip("/"), value)
